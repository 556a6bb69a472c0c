import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunRequest } from '../../../src-main/contract/index.ts'
import { estimateCost } from '../../../src-main/engine/configure/estimate-cost.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { requireSetup } from '../../../src-main/engine/configure/search-setup.ts'
import { estimateWork } from '../../../src-main/engine/pipeline/progress-model.ts'
import type { Store } from '../../../src-main/store/store.ts'
import {
  createCore,
  createTemporaryFolder,
  insertRun,
  openTestStore,
  readPresets,
  SMALL_SEARCH,
  waitForEnd,
} from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-fresh001'
const FRESH = { 'supernet.start': 'fresh', 'supernet.distillationWeight': 0 } as const

describe('a run whose super-network starts fresh', { timeout: 30_000 }, () => {
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

  async function phasesTrained(overrides: RunRequest['overrides']) {
    const executor = new FakeExecutor()
    await insertRun(store, RUN, { ...SMALL_SEARCH, ...overrides })
    createCore(store, executor).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('completed')
    return executor.jobs.flatMap((job) => (job.kind === 'train' ? [job.phase] : []))
  }

  it('trains no teacher, says so, and has none beside its front', async () => {
    expect(await phasesTrained(FRESH)).toEqual(['supernet'])
    expect(store.events.log(RUN, 100).map(({ message }) => message)).toContain(
      'teacher: not trained; the super-network starts fresh and its distillation weight is 0',
    )
    expect(store.phases.list(RUN).every(({ completedAt }) => completedAt !== null)).toBe(true)
    expect(store.references.list(RUN)).toEqual([])
  })

  it('trains one all the same where it is distilled', async () => {
    expect(await phasesTrained({ ...FRESH, 'supernet.distillationWeightEnd': 1 })).toEqual([
      'teacher',
      'supernet',
    ])
  })
})

it('costs no teacher in estimate and progress', async () => {
  const presets = await readPresets()
  const costOf = (overrides: RunRequest['overrides']) => {
    const config = freezeConfig(presets, { preset: 'micro-pose', overrides })
    const setup = requireSetup(config, 14)
    return { disk: estimateCost(config, setup, 1).diskBytes, work: estimateWork(config, setup, null) }
  }
  const taught = costOf({ 'supernet.distillationWeight': 0 })
  const fresh = costOf(FRESH)
  expect(fresh.disk).toBeLessThan(taught.disk)
  expect(fresh.work.teacher).toBe(0)
  expect(fresh.work.supernet).toBe(taught.work.supernet)
  expect(taught.work.teacher).toBeGreaterThan(0)
})
