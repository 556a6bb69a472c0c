import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { storeEnding } from '../../../src-main/engine/pipeline/store-ending.ts'
import type { Store } from '../../../src-main/store/store.ts'
import { createCore, createTemporaryFolder, insertRun, openTestStore } from '../../support/engine-core.ts'
import type { EngineCore } from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-ending1'

describe('the ending of a run', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  const waits: boolean[] = []
  let core: EngineCore
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
    await insertRun(store, RUN)
    store.runs.update(RUN, { status: 'running' })
    core = createCore(store, new FakeExecutor())
    waits.length = 0
  })
  afterEach(() => {
    // What could not be written waits for a timer, which must not find a closed database.
    core.hub.forget(RUN)
    store.db.$client.pragma('max_page_count = 1000000')
    store.close()
    folder.remove()
  })

  /** An ending too long for what is left of the database. */
  function end(closing: AbortSignal): Promise<void> {
    const error = new EngineError('STORAGE', 'The disk is full. '.repeat(20_000))
    return storeEnding(
      core,
      RUN,
      { error, ending: { status: 'interrupted', outcome: 'crashed' } },
      { closing, onWait: (isWaiting) => waits.push(isWaiting) },
    )
  }

  function fillDatabase(): void {
    const pages = store.db.$client.pragma('page_count', { simple: true })
    store.db.$client.pragma(`max_page_count = ${String(pages)}`)
  }

  it('waits for space on a full disk, says so, and is stored then', async () => {
    fillDatabase()
    const stored = end(new AbortController().signal)
    await expect.poll(() => waits).toEqual([true])
    expect(store.runs.find(RUN)?.status).toBe('running')
    store.db.$client.pragma('max_page_count = 1000000')
    await stored
    expect(store.runs.find(RUN)?.status).toBe('interrupted')
    expect(waits.at(-1)).toBe(false)
    expect(store.events.log(RUN, 10)).toHaveLength(1)
  })

  it('is given up when the engine closes, so that nothing keeps it alive', async () => {
    fillDatabase()
    const closing = new AbortController()
    const stored = end(closing.signal)
    await expect.poll(() => waits).toEqual([true])
    closing.abort()
    await stored
    expect(waits.at(-1)).toBe(false)
    expect(store.runs.find(RUN)?.status).toBe('running')
  })

  it('is given up at once where waiting cannot help', async () => {
    store.db.$client.exec(
      "CREATE TEMP TRIGGER broken BEFORE INSERT ON main.events BEGIN SELECT RAISE(FAIL, 'malformed'); END",
    )
    await end(new AbortController().signal)
    expect(waits).toEqual([false])
    store.db.$client.exec('DROP TRIGGER broken')
  })
})
