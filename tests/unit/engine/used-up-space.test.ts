import { afterEach, beforeEach, expect, describe, it } from 'vitest'
import type { RunRequest } from '../../../src-main/contract/index.ts'
import type { Store } from '../../../src-main/store/store.ts'
import {
  createCore,
  createTemporaryFolder,
  insertRun,
  openTestStore,
  waitForEnd,
} from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-usedup01'

describe('a search in a small space', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
  })
  afterEach(() => {
    store.close()
    folder.remove()
  })

  async function search(overrides: RunRequest['overrides']): Promise<{ rows: number; log: string }> {
    await insertRun(store, RUN, {
      'space.layout': [[2, 2]],
      'search.initial': 15,
      'space.depthChoices': [1, 2],
      'search.perGeneration': 20,
      'search.workers': 1,
      ...overrides,
    })
    createCore(store, new FakeExecutor()).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('completed')
    const log = store.db.$client
      .prepare("SELECT body FROM events WHERE kind = 'logged'")
      .pluck()
      .all()
      .join('\n')
    return { rows: store.candidates.rows(RUN).length, log }
  }

  // (2 + 4)^2 first modules times (1 + 2)^2 last ones.
  const SPACE = 324

  it('goes on with other parents and draws while the space holds more', async () => {
    const { rows, log } = await search({ 'search.generations': 12 })
    expect(rows).toBe(3 + 15 + 12 * 20)
    expect(log).toMatch(/generation \d+: the 20 chosen parents had new neighbours for \d+ of 20 candidates/)
    expect(log).not.toContain('missing')
  })

  it('says that the space is used up where it is, with both counts', async () => {
    const { rows, log } = await search({ 'search.generations': 20 })
    expect(rows).toBe(SPACE)
    expect(log).toMatch(
      /are missing, the space is used up: the space holds 324 networks, of which 324 are known/,
    )
  })
})
