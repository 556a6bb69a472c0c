import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError, ERROR_CODES, RUN_STATUSES } from '../../../src-main/contract/index.ts'
import type { ErrorCode } from '../../../src-main/contract/index.ts'
import { assertTransition, endingOf } from '../../../src-main/engine/pipeline/run-state.ts'
import type { Store } from '../../../src-main/store/store.ts'
import {
  createCore,
  createTemporaryFolder,
  insertRun,
  openTestStore,
  waitForEnd,
  SMALL_SEARCH,
} from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-states1'

describe('run states', () => {
  it('have a way on from everything', () => {
    for (const from of RUN_STATUSES) {
      const targets = RUN_STATUSES.filter((to) => {
        try {
          assertTransition(RUN, from, to)
          return true
        } catch {
          return false
        }
      })
      expect(targets.length > 0, from).toBe(true)
    }
  })

  it('refuse a step with what the run is and from where it would be possible', () => {
    expect(() => {
      assertTransition(RUN, 'completed', 'stopped')
    }).toThrow(`Run ${RUN} is completed; only a run that is queued or running or paused can become stopped.`)
  })

  it.each([
    ['WORKER_DIED', 'interrupted'],
    ['OUT_OF_MEMORY', 'interrupted'],
    ['STORAGE', 'interrupted'],
    ['CHECKPOINT', 'interrupted'],
    ['NUMERIC', 'failed'],
    ['DATASET', 'failed'],
    ['STOPPED', 'stopped'],
  ] as const)('end after %s as %s', (code, status) => {
    expect(endingOf(code).status).toBe(status)
    expect(ERROR_CODES.every((each: ErrorCode) => endingOf(each).outcome.length > 0)).toBe(true)
  })
})

describe('a run in the scheduler', { timeout: 30_000 }, () => {
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

  it('goes through its phases once, in order, and records seconds, environment and checkpoint', async () => {
    const executor = new FakeExecutor()
    await insertRun(store, RUN)
    createCore(store, executor).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('completed')
    const kinds = executor.jobs.map((job) => (job.kind === 'train' ? job.phase : job.kind))
    expect(kinds.slice(0, 3)).toEqual(['prepare', 'teacher', 'supernet'])
    const run = store.runs.find(RUN)
    expect(run).toMatchObject({
      progress: 1,
      attempt: 1,
      datasetName: 'Fake people',
      secondsLeft: null,
      error: null,
    })
    expect(run?.environment).toMatchObject({ backend: 'fake', codeVersion: 'test' })
    expect(store.phases.list(RUN).every((row) => row.completedAt !== null)).toBe(true)
    expect(store.checkpoints.list(RUN)).toHaveLength(2)
    expect(store.attempts.list(RUN)).toMatchObject([
      { attempt: 1, outcome: 'completed', fromPhase: 'prepare' },
    ])
    expect(store.candidates.reportScores(RUN).length).toBeGreaterThanOrEqual(3)
    expect(store.candidates.reportScores(RUN).length).toBeLessThanOrEqual(12)
  })

  it('stops on request, keeps what is done, and goes on with the first unfinished phase', async () => {
    await insertRun(store, RUN)
    const executor = new FakeExecutor((_step, job) => {
      if (job.kind === 'train' && job.phase === 'supernet') {
        void core.scheduler.stop(RUN)
      }
    })
    const core = createCore(store, executor)
    core.scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('stopped')
    await core.scheduler.close()
    expect(store.runs.find(RUN)).toMatchObject({ error: null, secondsLeft: null, status: 'stopped' })
    store.runs.update(RUN, { status: 'queued' })
    const second = new FakeExecutor()
    createCore(store, second).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('completed')
    expect(second.jobs[0]).toMatchObject({ kind: 'train', phase: 'supernet', attempt: 2 })
    expect(store.attempts.list(RUN)).toMatchObject([
      { attempt: 1, outcome: 'stopped' },
      { attempt: 2, outcome: 'completed', fromPhase: 'supernet' },
    ])
  })

  it('keeps backend, threads and workers of its first attempt, and says when the machine is another', async () => {
    await insertRun(store, RUN, { ...SMALL_SEARCH, 'compute.backend': 'auto' })
    const stopping = new FakeExecutor((_step, job) => {
      if (job.kind === 'train' && job.phase === 'supernet') {
        void core.scheduler.stop(RUN)
      }
    })
    const core = createCore(store, stopping)
    core.scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('stopped')
    await core.scheduler.close()
    const plan = store.runs.find(RUN)?.computePlan
    if (plan === null || plan === undefined) {
      throw new Error('the first attempt has no plan')
    }
    expect(plan).toMatchObject({ origin: 'formula', backend: 'auto', moves: [] })
    // As if measured on a machine of another name, which had chosen otherwise.
    const machine = { ...plan.machine, processor: 'Other CPU' }
    store.runs.update(RUN, {
      status: 'queued',
      computePlan: { ...plan, machine, backend: 'wasm', trainThreads: 1, searchThreads: 1, searchWorkers: 1 },
    })
    const second = new FakeExecutor()
    createCore(store, second).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('completed')
    expect(second.options[0]).toMatchObject({ backend: 'wasm', threads: 1 })
    expect(new Set(second.options.map(({ lane }) => lane))).toEqual(new Set(['main', 'search-0', 'search-1']))
    const moved = store.runs.find(RUN)?.computePlan
    expect(moved).toMatchObject({ backend: 'wasm', moves: [{ attempt: 2, machine: plan.machine }] })
    expect(store.events.log(RUN, 100).some(({ message }) => message.includes('another machine'))).toBe(true)
  })

  it('waits for the one before it, in the order asked for, and can be taken back while it waits', async () => {
    const core = createCore(store, new FakeExecutor())
    for (const id of ['r-first1', 'r-second', 'r-third1']) {
      await insertRun(store, id)
      core.scheduler.enqueue(id)
    }
    expect(core.scheduler.runningIds).toEqual(['r-first1'])
    await core.scheduler.stop('r-second')
    expect(store.runs.find('r-second')?.status).toBe('stopped')
    expect(await waitForEnd(store, 'r-third1')).toBe('completed')
    const ended = (id: string) => store.runs.find(id)?.endedAt ?? 0
    expect(ended('r-first1')).toBeLessThanOrEqual(ended('r-third1'))
    await expect(core.scheduler.stop('r-third1')).rejects.toThrow(/is completed/)
  })

  it('is left interrupted, not running, when the engine closes', async () => {
    await insertRun(store, RUN)
    const core = createCore(
      store,
      new FakeExecutor((step) => {
        if (step === 5) {
          void core.scheduler.close()
        }
      }),
    )
    core.scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('interrupted')
    expect(store.attempts.list(RUN)[0]).toMatchObject({ outcome: 'stopped' })
    expect(store.runs.find(RUN)?.error?.message).toMatch(/engine was closed/)
  })

  it('fails by name when the loss is not a number', async () => {
    await insertRun(store, RUN)
    const executor = new FakeExecutor((step) => {
      if (step === 4) {
        throw new EngineError('NUMERIC', 'The loss became NaN at iteration 2; lower the learning rate.')
      }
    })
    createCore(store, executor).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('failed')
    expect(store.runs.find(RUN)?.error).toMatchObject({ code: 'NUMERIC' })
    expect(store.metrics.sample(RUN, 0, 100).length).toBeGreaterThan(0)
  })

  it('is interrupted by a full disk without losing what is stored', async () => {
    await insertRun(store, RUN)
    const executor = new FakeExecutor((_step, job) => {
      if (job.kind === 'evaluate') {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      }
    })
    createCore(store, executor).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('interrupted')
    expect(store.runs.find(RUN)?.error).toMatchObject({ code: 'STORAGE' })
    expect(store.phases.list(RUN).filter((row) => row.completedAt !== null)).toHaveLength(3)
    expect(store.candidates.countByState(RUN)).toMatchObject({ leased: 0, proposed: 18 })
  })

  it('refuses scores that were measured in another way than the first', async () => {
    await insertRun(store, RUN)
    const first = new FakeExecutor((step) => {
      if (step === 30) {
        throw new EngineError('WORKER_DIED', 'died')
      }
    })
    createCore(store, first).scheduler.enqueue(RUN)
    await waitForEnd(store, RUN)
    const protocol = store.candidates.firstProtocol(RUN)
    expect(protocol).not.toBeNull()
    store.db.$client
      .prepare('UPDATE candidates SET protocol = ? WHERE protocol IS NOT NULL')
      .run(JSON.stringify({ ...protocol, backend: 'other' }))
    store.runs.update(RUN, { status: 'queued' })
    createCore(store, new FakeExecutor()).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('failed')
    expect(store.runs.find(RUN)?.error?.message).toMatch(/not be comparable \(backend: other \/ fake\)/)
  })
})
