import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { recoverRuns } from '../../../src-main/engine/pipeline/scheduler.ts'
import {
  createCore,
  createTemporaryFolder,
  insertRun,
  openTestStore,
  readLedger,
  waitForEnd,
} from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-ledger1'

async function runUndisturbed(): Promise<{ ledger: ReturnType<typeof readLedger>; steps: number }> {
  const { folder, remove } = createTemporaryFolder()
  const store = await openTestStore(folder)
  const executor = new FakeExecutor()
  await insertRun(store, RUN)
  createCore(store, executor).scheduler.enqueue(RUN)
  expect(await waitForEnd(store, RUN)).toBe('completed')
  const ledger = readLedger(store, RUN)
  store.close()
  remove()
  return { ledger, steps: executor.steps }
}

/** Dozens of whole runs in one test: seconds on an idle machine, more on one that trains beside it. */
const MANY_RUNS_MS = 120_000

describe('the candidate ledger', { timeout: MANY_RUNS_MS }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })

  it('holds the references, the strata and every generation of offspring with their parents', async () => {
    const { ledger } = await runUndisturbed()
    expect(
      ledger.filter((row) => row.origin.operator === 'reference').map((row) => row.origin.label),
    ).toEqual(['smallest', 'hrnet', 'largest'])
    expect(ledger.filter((row) => row.origin.operator === 'stratum')).toHaveLength(15)
    const offspring = ledger.filter((row) => row.origin.operator === 'offspring')
    expect(offspring.map((row) => row.generation)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    expect(offspring.every((row) => row.origin.parents.length === 2)).toBe(true)
    expect(ledger.every((row) => row.state === 'evaluated')).toBe(true)
    expect(ledger.every((row) => row.pictures?.kind === 'ratio')).toBe(true)
  })

  it('gives the same candidates, scores and parents with one worker as with four', async () => {
    const store = await openTestStore(folder.folder)
    for (const workers of [1, 4]) {
      const id = `r-workers${String(workers)}`
      await insertRun(store, id, {
        'search.initial': 15,
        'search.generations': 2,
        'search.perGeneration': 5,
        'search.workers': workers,
      })
      createCore(store, new FakeExecutor()).scheduler.enqueue(id)
      await waitForEnd(store, id)
    }
    expect(readLedger(store, 'r-workers4')).toEqual(readLedger(store, 'r-workers1'))
    store.close()
  })

  it('gives the same front when the worker dies at any point and the run is resumed', async () => {
    const { ledger, steps } = await runUndisturbed()
    const store = await openTestStore(folder.folder)
    for (let deathAt = 1; deathAt <= steps; deathAt += 3) {
      const id = `r-death${String(deathAt).padStart(3, '0')}`
      const dying = new FakeExecutor((step) => {
        if (step === deathAt) {
          throw new EngineError('WORKER_DIED', 'The worker died: signal SIGKILL.', ['last words'])
        }
      })
      await insertRun(store, id)
      const core = createCore(store, dying)
      core.scheduler.enqueue(id)
      expect(await waitForEnd(store, id)).toBe('interrupted')
      expect(store.runs.find(id)?.error).toMatchObject({ code: 'WORKER_DIED', details: ['last words'] })
      expect(store.candidates.countByState(id).leased).toBe(0)
      expect(store.attempts.list(id).at(-1)).toMatchObject({ attempt: 1, outcome: 'crashed' })
      await new Promise((resolve) => setImmediate(resolve))
      store.runs.update(id, { status: 'queued' })
      createCore(store, new FakeExecutor()).scheduler.enqueue(id)
      expect(await waitForEnd(store, id)).toBe('completed')
      expect(readLedger(store, id), `death at step ${String(deathAt)}`).toEqual(ledger)
    }
    store.close()
  })

  it('gives the same front when the engine dies at any point and another one resumes', async () => {
    const { ledger, steps } = await runUndisturbed()
    for (let deathAt = 4; deathAt <= steps; deathAt += 7) {
      const own = createTemporaryFolder()
      const store = await openTestStore(own.folder)
      await insertRun(store, RUN)
      const reached = Promise.withResolvers<undefined>()
      // From this step on nothing happens any more: neither an answer nor an ending is ever written.
      const frozen = new FakeExecutor((step) => {
        if (step < deathAt) {
          return
        }
        reached.resolve(undefined)
        return new Promise<void>(() => undefined)
      })
      const core = createCore(store, frozen)
      core.scheduler.enqueue(RUN)
      await reached.promise
      core.hub.forget(RUN)
      store.close()

      const reopened = await openTestStore(own.folder)
      expect(recoverRuns(reopened, Date.now)).toEqual([])
      expect(reopened.runs.find(RUN)?.status).toBe('interrupted')
      expect(reopened.candidates.countByState(RUN).leased).toBe(0)
      reopened.runs.update(RUN, { status: 'queued' })
      createCore(reopened, new FakeExecutor()).scheduler.enqueue(RUN)
      expect(await waitForEnd(reopened, RUN)).toBe('completed')
      expect(readLedger(reopened, RUN), `engine death at step ${String(deathAt)}`).toEqual(ledger)
      reopened.close()
      own.remove()
    }
  })

  it('never scores a final row again', async () => {
    const store = await openTestStore(folder.folder)
    const dying = new FakeExecutor((step) => {
      if (step === 25) {
        throw new EngineError('WORKER_DIED', 'died')
      }
    })
    await insertRun(store, RUN)
    createCore(store, dying).scheduler.enqueue(RUN)
    await waitForEnd(store, RUN)
    const scored = store.candidates
      .rows(RUN)
      .filter((row) => row.state === 'evaluated')
      .map((row) => row.id)
    expect(scored.length).toBeGreaterThan(0)
    store.runs.update(RUN, { status: 'queued' })
    const second = new FakeExecutor()
    createCore(store, second).scheduler.enqueue(RUN)
    await waitForEnd(store, RUN)
    const again = second.jobs.flatMap((job) =>
      job.kind === 'evaluate' && job.split === 'search' ? job.candidates : [],
    )
    expect(again.map((candidate) => candidate.candidateId).filter((id) => scored.includes(id))).toEqual([])
    store.close()
  })
})
