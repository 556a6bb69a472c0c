import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import type { Job } from '../../../src-main/contract/index.ts'
import type { JobEvent, JobOptions } from '../../../src-main/engine/executors/executor.ts'
import { createRunsService } from '../../../src-main/engine/services/runs-service.ts'
import { loadConfigSources } from '../../../src-main/engine/configure/config-sources.ts'
import type { Store } from '../../../src-main/store/store.ts'
import {
  createCore,
  createTemporaryFolder,
  insertRun,
  openTestStore,
  readLedger,
  readPresets,
  RESOURCES_FOLDER,
  waitForEnd,
} from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-lost001'

/** A worker that finds a checkpoint lost at its first job of a kind, and trains with other bits if asked to. */
class LosingExecutor extends FakeExecutor {
  losses = 0
  readonly #find: { readonly at: Job['kind'] | 'supernet'; readonly phase: 'teacher' | 'supernet' }
  readonly #times: number
  readonly #hasOtherBits: boolean

  constructor(
    find: { readonly at: Job['kind'] | 'supernet'; readonly phase: 'teacher' | 'supernet' },
    { times = 1, hasOtherBits = false } = {},
  ) {
    super()
    this.#find = find
    this.#times = times
    this.#hasOtherBits = hasOtherBits
  }

  override async runJob<J extends Job>(job: J, options: JobOptions) {
    const { at, phase } = this.#find
    const kind = job.kind === 'train' ? job.phase : job.kind
    if (kind === at && this.losses < this.#times) {
      this.losses += 1
      options.onEvent({ kind: 'checkpoint-lost', jobId: '', phase, iteration: 3, reason: 'it was damaged' })
      throw new EngineError('CHECKPOINT', `The ${phase} checkpoint after 3 iterations is damaged.`)
    }
    return super.runJob(job, { ...options, onEvent: (event) => options.onEvent(this.#change(event)) })
  }

  #change(event: JobEvent): JobEvent {
    return event.kind === 'checkpoint-written' && this.#hasOtherBits && this.losses > 0
      ? { ...event, weightsSha256: 'other bits' }
      : event
  }
}

describe('a run that finds a needed checkpoint lost', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
    await insertRun(store, 'r-whole01')
    createCore(store, new FakeExecutor()).scheduler.enqueue('r-whole01')
    await waitForEnd(store, 'r-whole01')
    await insertRun(store, RUN)
  })
  afterEach(() => {
    store.close()
    folder.remove()
  })

  const trained = (executor: FakeExecutor) =>
    executor.jobs.flatMap((job) => (job.kind === 'train' ? [job.phase] : []))

  it.each([
    ['evaluate', 'supernet', ['teacher', 'supernet', 'supernet'], 'supernet'],
    ['supernet', 'teacher', ['teacher', 'teacher', 'supernet'], 'teacher'],
  ] as const)(
    'at %s: trains the %s again, in an attempt of its own',
    async (at, phase, phases, fromPhase) => {
      const executor = new LosingExecutor({ at, phase })
      createCore(store, executor).scheduler.enqueue(RUN)
      expect(await waitForEnd(store, RUN)).toBe('completed')
      expect(trained(executor)).toEqual(phases)
      expect(store.attempts.list(RUN)).toMatchObject([
        { attempt: 1, outcome: 'crashed', reason: expect.stringContaining('is damaged') as string },
        { attempt: 2, outcome: 'completed', fromPhase },
      ])
      expect(readLedger(store, RUN)).toEqual(readLedger(store, 'r-whole01'))
      const log = store.events.log(RUN, 100).map(({ message }) => message)
      expect(log.join('\n')).toContain(`The ${phase} checkpoint of iteration 3 is lost: it was damaged.`)
    },
  )

  it('again and again: ends interrupted and does not train for ever', async () => {
    const executor = new LosingExecutor({ at: 'evaluate', phase: 'supernet' }, { times: 100 })
    createCore(store, executor).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('interrupted')
    expect(store.runs.find(RUN)?.error?.code).toBe('CHECKPOINT')
    expect(store.attempts.list(RUN)).toHaveLength(5)
  })

  it('does not mix scores of two super-networks: other bits fail the run by name', async () => {
    // The loss comes in the report, when candidates have scores.
    const executor = new LosingExecutor({ at: 'evaluate', phase: 'supernet' }, { hasOtherBits: true })
    const stopping = new FakeExecutor((_step, job) => {
      if (job.kind === 'evaluate' && job.split === 'report') {
        throw new EngineError('WORKER_DIED', 'killed')
      }
    })
    createCore(store, stopping).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('interrupted')
    const scored = readLedger(store, RUN)
    store.runs.update(RUN, { status: 'queued' })
    createCore(store, executor).scheduler.enqueue(RUN)
    expect(await waitForEnd(store, RUN)).toBe('failed')
    expect(store.runs.find(RUN)?.error).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('has other weights than before') as string,
    })
    expect(readLedger(store, RUN)).toEqual(scored)
  })

  it('after it was complete: a resume trains the super-network again and leaves scores and report', async () => {
    const executor = new FakeExecutor()
    const core = createCore(store, executor)
    const presets = await readPresets()
    const sources = await loadConfigSources(new URL('sources.json', RESOURCES_FOLDER).pathname, presets)
    const fineTuning = { isBusyWith: () => false }
    const runs = createRunsService({ ...core, presets, sources, fineTuning })
    await expect(runs.resume('r-whole01')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Run r-whole01 is complete; there is nothing to resume.',
    })
    const before = {
      ledger: readLedger(store, 'r-whole01'),
      report: store.candidates.reportScores('r-whole01'),
    }
    rmSync(join(store.paths.runFolder('r-whole01'), 'checkpoints/supernet-3.safetensors'))
    await runs.resume('r-whole01')
    expect(await waitForEnd(store, 'r-whole01')).toBe('completed')
    expect(executor.jobs.map((job) => job.kind)).toEqual(['train'])
    expect({
      ledger: readLedger(store, 'r-whole01'),
      report: store.candidates.reportScores('r-whole01'),
    }).toEqual(before)
  })
})
