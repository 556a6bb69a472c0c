import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ProgressUpdate } from '../../../src-main/engine/events/event-hub.ts'
import { createProgressTracker } from '../../../src-main/engine/pipeline/progress-tracker.ts'
import type { Store } from '../../../src-main/store/store.ts'
import { createCore, createTemporaryFolder, insertRun, openTestStore } from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-clock01'
const HOUR_MS = 3_600_000

describe('the progress of a run', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
    await insertRun(store, RUN)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    store.close()
    folder.remove()
  })

  it('counts no negative seconds when somebody sets the clock back an hour', async () => {
    const { hub } = createCore(store, new FakeExecutor())
    const updates: ProgressUpdate[] = []
    vi.spyOn(hub, 'addProgress').mockImplementation((_run, update) => updates.push(update))
    const work = { prepare: 1, teacher: 10, supernet: 10, search: 10, report: 1 }
    const tracker = createProgressTracker({ store, hub, runId: RUN, work })
    tracker.begin('teacher')
    tracker.report(0, 10, '')
    await new Promise((resolve) => setTimeout(resolve, 30))
    const set = Date.now() - HOUR_MS
    vi.spyOn(Date, 'now').mockImplementation(() => set)
    tracker.report(5, 10, '')
    tracker.save()
    expect(store.phases.list(RUN)[0]?.seconds).toBeGreaterThan(0)
    expect(updates.at(-1)?.secondsLeft).toBeGreaterThanOrEqual(0)
  })
})
