import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import type { DatasetFacts, FineTuneStatus, Job } from '../../../src-main/contract/index.ts'
import { fineTuneStages } from '../../../src-main/engine/services/fine-tuning.ts'
import { startEngine } from '../../../src-main/engine/start-engine.ts'
import type { Engine } from '../../../src-main/engine/start-engine.ts'
import { createTemporaryFolder, RESOURCES_FOLDER, SMALL_SEARCH } from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'
import { FAKE_DATASET } from '../../support/fake-scores.ts'

const RUN = 'r-finetune1'
const FAKE_STREETS: DatasetFacts = {
  ...FAKE_DATASET,
  ...{ task: 'segmentation', skeleton: null },
  classes: {
    names: Array.from({ length: 11 }, (_, index) => `class ${String(index)}`),
    palette: Array.from({ length: 11 }, () => '#123456'),
    ignoreLabel: 255,
  },
}
const CANDIDATE = `${RUN}:1`

describe('the stages of a fine-tune', () => {
  it('20 epochs are those of method.md 8.3', () => {
    expect(fineTuneStages(20)).toEqual([
      { epochs: 15, learningRate: 1e-4 },
      { epochs: 5, learningRate: 1e-5 },
    ])
  })

  it('any other length keeps its number of epochs and about the ratio', () => {
    for (let epochs = 1; epochs <= 200; epochs += 1) {
      const stages = fineTuneStages(epochs)
      expect(stages.reduce((sum, stage) => sum + stage.epochs, 0)).toBe(epochs)
      expect(Math.abs((stages[0]?.epochs ?? 0) - 0.75 * epochs)).toBeLessThan(1)
      expect(stages.every((stage) => stage.epochs > 0)).toBe(true)
    }
  })
})

describe('fine-tuning', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let engine: Engine
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(async () => {
    await engine.close()
    folder.remove()
  })

  /** An engine with a finished run. */
  const start = async (executor: FakeExecutor, preset = 'micro-pose'): Promise<Engine['services']> => {
    engine = await startEngine({
      ...{ dataFolder: join(folder.folder, 'data'), workerEntry: new URL('file:///unused') },
      ...{ resourcesFolder: RESOURCES_FOLDER, rendererFolder: null, codeVersion: 'test', executor },
    })
    const { runs } = engine.services
    await runs.start({ id: RUN, name: 'run', preset, overrides: SMALL_SEARCH })
    const stop = new AbortController()
    for await (const event of runs.events({ runId: RUN, afterSeq: 0, signal: stop.signal })) {
      if (event.kind === 'status-changed' && ['completed', 'failed'].includes(event.status)) {
        stop.abort()
      }
    }
    expect(await runs.get(RUN)).toMatchObject({ status: 'completed', error: null })
    return engine.services
  }
  const untilEnded = async (candidates: Engine['services']['candidates']): Promise<FineTuneStatus> => {
    let status = await candidates.fineTuning(CANDIDATE)
    while (status.running !== null) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      status = await candidates.fineTuning(CANDIDATE)
    }
    return status
  }
  /** A worker that waits at its first step of a fine-tune until it is let go. */
  const heldExecutor = () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<undefined>()
    const executor = new FakeExecutor(async (_, job: Job) => {
      if (job.kind === 'fine-tune') {
        await held
      }
    })
    return { executor, letGo: () => letGo(undefined) }
  }

  it('answers at once; a second request joins the first; progress is told', async () => {
    const { executor, letGo } = heldExecutor()
    const { candidates } = await start(executor)
    expect(await candidates.fineTuning(CANDIDATE)).toEqual({ running: null, error: null, result: null })
    const first = await candidates.fineTune({ id: CANDIDATE, epochs: 4 })
    const second = await candidates.fineTune({ id: CANDIDATE, epochs: 8 })
    expect([first.running, second.running]).toEqual([
      { done: 0, total: 0, note: 'waiting for a worker' },
      { done: 0, total: 0, note: 'waiting for a worker' },
    ])
    letGo()
    expect(await untilEnded(candidates)).toMatchObject({ running: null, error: null })
    const jobs = executor.jobs.filter((job) => job.kind === 'fine-tune')
    const [row] = (await candidates.list(RUN)).rows
    expect(jobs).toHaveLength(1)
    expect(jobs[0]).toMatchObject({
      ...{ runId: RUN, runName: 'run', codeVersion: 'test', stages: fineTuneStages(4) },
      candidate: { id: CANDIDATE, genotypeId: row?.genotypeId },
      outputFolder: join(folder.folder, 'data', 'runs', RUN, 'finetuned', row?.genotypeId ?? ''),
    })
  })

  it('what a worker stored is found again by candidate', async () => {
    const { candidates } = await start(new FakeExecutor())
    const [row] = (await candidates.list(RUN)).rows
    const written = join(folder.folder, 'data', 'runs', RUN, 'finetuned', row?.genotypeId ?? '')
    mkdirSync(written, { recursive: true })
    writeFileSync(
      join(written, 'fine-tune.json'),
      JSON.stringify({ genotypeId: row?.genotypeId, bestEpoch: 3 }),
    )
    const { result } = await candidates.fineTuning(CANDIDATE)
    expect(result).toEqual({ genotypeId: row?.genotypeId, bestEpoch: 3, folder: written })
    writeFileSync(join(written, 'fine-tune.json'), 'no json')
    await expect(candidates.fineTuning(CANDIDATE)).rejects.toMatchObject({ code: 'STORAGE' })
  })

  it('stops when asked, and starts again afterwards', async () => {
    const { executor, letGo } = heldExecutor()
    const { candidates } = await start(executor)
    await candidates.fineTune({ id: CANDIDATE, epochs: 4 })
    const stopping = candidates.stopFineTuning(CANDIDATE)
    letGo()
    expect(await stopping).toMatchObject({ running: null, error: { code: 'STOPPED' }, result: null })
    await candidates.fineTune({ id: CANDIDATE, epochs: 4 })
    expect(await untilEnded(candidates)).toMatchObject({ error: null })
    expect(await candidates.stopFineTuning(CANDIDATE)).toMatchObject({ running: null })
  })

  it('a dead worker is an error of this fine-tune only, and a later try forgets it', async () => {
    let hasDied = false
    const { candidates } = await start(
      new FakeExecutor((_, job) => {
        if (job.kind === 'fine-tune' && !hasDied) {
          hasDied = true
          throw new EngineError('WORKER_DIED', 'The worker was killed.')
        }
      }),
    )
    await candidates.fineTune({ id: CANDIDATE, epochs: 1 })
    expect(await untilEnded(candidates)).toMatchObject({ error: { code: 'WORKER_DIED' } })
    expect(await candidates.fineTuning(`${RUN}:2`)).toMatchObject({ error: null })
    await candidates.fineTune({ id: CANDIDATE, epochs: 1 })
    expect(await untilEnded(candidates)).toMatchObject({ error: null })
  })

  it('its run cannot be deleted meanwhile', async () => {
    const { executor, letGo } = heldExecutor()
    const { runs, candidates } = await start(executor)
    await candidates.fineTune({ id: CANDIDATE, epochs: 4 })
    await expect(runs.delete(RUN)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('fine-tuned') as string,
    })
    letGo()
    await untilEnded(candidates)
    await runs.delete(RUN)
    expect(existsSync(join(folder.folder, 'data', 'runs', RUN))).toBe(false)
  })

  it('refuses segmentation with the reason, and candidates that are not there', async () => {
    const executor = new FakeExecutor(() => undefined, FAKE_STREETS)
    const { candidates } = await start(executor, 'micro-seg')
    await expect(candidates.fineTune({ id: CANDIDATE, epochs: 4 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(/segmentation.*80\.5.*Only pose/s) as string,
    })
    await expect(candidates.fineTune({ id: `${RUN}:999`, epochs: 4 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(executor.jobs.some((job) => job.kind === 'fine-tune')).toBe(false)
  })
})
