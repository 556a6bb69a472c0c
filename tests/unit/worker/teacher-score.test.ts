import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import type { EvaluateJob, Protocol } from '../../../src-main/contract/index.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { genotypeId, toGenotypeJson } from '../../../src-main/nas/genotype.ts'
import { largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { decodeWeights } from '../../../src-main/training/checkpoint.ts'
import { scoreSubnet } from '../../../src-main/training/score-subnet.ts'
import { listCheckpoints, readCheckpoint } from '../../../src-main/worker/checkpoint-files.ts'
import { SCORING_BATCH } from '../../../src-main/worker/jobs/evaluate-job.ts'
import { openRunContext } from '../../../src-main/worker/run-context.ts'
import { JobRunner } from '../../../src-main/worker/run-job.ts'
import { toSupernet } from '../../../src-main/worker/supernet-files.ts'
import { createTemporaryFolder, readPresets } from '../../support/engine-core.ts'
import { trainInWorker } from '../../support/train-in-worker.ts'

const kernels = await createWasmKernels()
const config = freezeConfig(await readPresets(), {
  preset: 'micro-pose',
  overrides: {
    ...{ 'dataset.drawn.train': 16, 'dataset.drawn.search': 24, 'dataset.drawn.report': 16 },
    ...{ 'teacher.epochs': 4, 'teacher.batch': 8, 'supernet.epochs': 1, 'supernet.batch': 8 },
    ...{ 'search.recalibrationBatches': 1, 'search.recalibrationBatchSize': 8 },
  },
})

let folder: ReturnType<typeof createTemporaryFolder>
beforeEach(() => {
  folder = createTemporaryFolder()
})
afterEach(() => {
  folder.remove()
})

interface Scored {
  readonly accuracy: number
  readonly metrics: Readonly<Record<string, number>>
  readonly protocol: Protocol
}

/** The largest network, scored by one worker as often as it is asked. */
function createScorer(runFolder: string) {
  const runner = new JobRunner({
    backend: { kernels, refused: [] },
    loaderThreadUrl: new URL('../../../src-main/datasets/loader-thread.ts', import.meta.url),
    threads: 1,
  })
  return async (job: Pick<EvaluateJob, 'split' | 'weights'>): Promise<Scored> => {
    const scores: Scored[] = []
    const run = await openRunContext(config, kernels)
    const largest = largestGenotype(run.space)
    const genotype = toGenotypeJson(run.space, config.network.baseWidth, largest)
    const candidates = [{ candidateId: 'c', genotypeId: genotypeId(largest), genotype }]
    const place = { runId: 'run', config, runFolder, attempt: 1, cacheFolder: join(runFolder, 'cache') }
    await runner.run(
      { ...place, kind: 'evaluate', candidates, ...job },
      {
        emit: (event) => {
          if (event.kind === 'candidate-evaluated') {
            const { accuracy, metrics, protocol } = event
            scores.push({ accuracy, metrics, protocol })
          }
        },
        log: () => undefined,
        isStopping: () => false,
      },
    )
    run.dispose()
    const [score] = scores
    if (score === undefined) {
      throw new Error('nothing was scored')
    }
    return score
  }
}

/** Straight from the file of the teacher, without a job. */
async function scoreFile(runFolder: string, split: 'search' | 'report') {
  const [checkpoint] = listCheckpoints(runFolder, 'teacher')
  const run = await openRunContext(config, kernels)
  const supernet = toSupernet(run, decodeWeights(readCheckpoint(checkpoint?.weightsFile ?? '')).weights)
  const session = supernet.openEvaluation()
  const { accuracy, metrics } = await scoreSubnet({
    ...{ supernet, session, plan: run.plan(largestGenotype(run.space)), images: run.scoring(split) },
    recalibrationBatches: await run.recalibrationBatches(),
    ...{ flipTest: config.search.flipTest, batch: SCORING_BATCH },
  })
  session.close()
  supernet.dispose()
  run.dispose()
  return { accuracy, metrics }
}

it('scores the teacher with its own weights, by the protocol of the candidates', async () => {
  const training = { kernels, config, runFolder: folder.folder }
  await trainInWorker({ ...training, job: { phase: 'teacher' } })
  await trainInWorker({ ...training, job: { phase: 'supernet' } })
  const score = createScorer(folder.folder)
  for (const split of ['search', 'report'] as const) {
    const inherited = await score({ split })
    const teacher = await score({ split, weights: 'teacher' })
    expect(teacher.protocol).toEqual(inherited.protocol)
    expect(teacher).toMatchObject(await scoreFile(folder.folder, split))
    expect(teacher.metrics).not.toEqual(inherited.metrics)
    expect(await score({ split })).toEqual(inherited)
  }
}, 120_000)
