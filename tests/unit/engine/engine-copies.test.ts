import { existsSync, readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEngine } from '../../../src-main/engine/start-engine.ts'
import { listDataPaths } from '../../../src-main/store/data-folder.ts'
import {
  createTemporaryFolder,
  insertRun,
  openTestStore,
  RESOURCES_FOLDER,
} from '../../support/engine-core.ts'

describe('an engine and the copies of its database', { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  const backups = () => listDataPaths(folder.folder).backups

  async function liveOnce(): Promise<void> {
    const engine = await startEngine({
      dataFolder: folder.folder,
      workerEntry: new URL('../../support/fake-worker.ts', import.meta.url),
      resourcesFolder: RESOURCES_FOLDER,
      rendererFolder: null,
      codeVersion: 'test',
      startsWaitingRuns: false,
    })
    await engine.close()
  }

  it('makes one at its start, however short it lives, and no second one that day', async () => {
    await liveOnce()
    expect(existsSync(backups())).toBe(false)
    const store = await openTestStore(folder.folder)
    await insertRun(store, 'r-engine')
    store.close()
    await liveOnce()
    const copies = readdirSync(backups())
    expect(copies).toEqual([expect.stringMatching(/^studio-daily-.*\.sqlite$/)])
    await liveOnce()
    expect(readdirSync(backups())).toEqual(copies)
  })
})
