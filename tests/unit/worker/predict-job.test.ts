import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { PoseMetric, PosePrediction, RunConfig } from '../../../src-main/contract/index.ts'
import { COCO_17 } from '../../../src-main/datasets/skeletons.ts'
import { toGenotypeJson } from '../../../src-main/nas/genotype.ts'
import { smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { KeptValues } from '../../../src-main/training/kept-values.ts'
import { runPredictJob } from '../../../src-main/worker/jobs/predict-job.ts'
import { openRunContext } from '../../../src-main/worker/run-context.ts'
import { freshSupernet } from '../../../src-main/worker/supernet-files.ts'
import { testBackends } from '../../support/backends.ts'
import { cocoOf, configOf, makeFolder, writeCoco } from '../datasets/made-folders.ts'
import { makeRunConfig } from '../datasets/made-run-config.ts'

let folder = ''
let kernels: Kernels | null = null

beforeAll(async () => {
  folder = await makeFolder()
  await writeCoco(folder, 'person_keypoints_train.json', cocoOf('t', 6, 17, 1))
  await writeCoco(folder, 'person_keypoints_val.json', cocoOf('v', 4, 17, 101))
  kernels = (await testBackends()).find(({ name }) => name === 'wasm')?.kernels ?? null
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

/** Opens the run, lets `spoil` do its work on the files, and predicts with fresh weights. */
async function predict(metric: PoseMetric, spoil: () => Promise<void>) {
  const base = makeRunConfig()
  const config: RunConfig = { ...base, dataset: configOf('coco', folder), pose: { ...base.pose, metric } }
  if (kernels === null) {
    throw new Error('the WebAssembly backend does not open')
  }
  const run = await openRunContext(config, kernels)
  await run.recalibrationBatches()
  await spoil()
  const supernet = freshSupernet(run)
  const session = supernet.openEvaluation()
  const genotype = toGenotypeJson(run.space, run.shape.baseWidth, smallestGenotype(run.space))
  const candidate = { candidateId: 'c', genotypeId: 'g', genotype }
  try {
    return await runPredictJob(
      {
        ...{ kind: 'predict', runId: 'r-test00', config, runFolder: folder, cacheFolder: folder, attempt: 0 },
        ...{ candidate, sampleIds: [] },
      },
      run,
      { open: () => ({ supernet, session, kept: new KeptValues(supernet.kernels) }) },
      { emit: () => undefined },
    )
  } finally {
    session.close()
    supernet.dispose()
    run.dispose()
  }
}

describe('predictions of preview pictures', () => {
  it('are scored by the metric of the run', async () => {
    const none = (): Promise<void> => Promise.resolve()
    const byPck = await predict('pck', none)
    expect(byPck.predictions).toHaveLength(4)
    for (const prediction of byPck.predictions) {
      expect(prediction.score).toEqual({ name: 'PCK@0.2', value: (prediction as PosePrediction).pck })
    }
    const { predictions, problems } = await predict('ap', none)
    expect(problems).toEqual([])
    const truth = cocoOf('v', 4, 17, 101).annotations[0]
    for (const prediction of predictions as PosePrediction[]) {
      expect(prediction.score?.name).toBe('OKS')
      // The pictures are small, so that the preview shows them whole: its pixels are the annotation's.
      expect(prediction.score?.value).toBeCloseTo(ownSimilarity(prediction, truth?.keypoints ?? []), 6)
    }
  })

  it('come for the other pictures when one has gone bad, which is named', async () => {
    const { predictions, problems } = await predict('ap', async () => {
      await rm(join(folder, 'images', 'v102.jpg'))
      await writeFile(join(folder, 'images', 'v103.jpg'), 'no picture any more')
    })
    expect(predictions.map(({ sampleId }) => sampleId.slice(0, 2))).toEqual(['01', '04'])
    expect(problems.map(({ sampleId }) => sampleId.slice(0, 2))).toEqual(['02', '03'])
    expect(problems[0]?.message).toContain('v102.jpg cannot be decoded')
    expect(problems[1]?.message).toContain('v103.jpg cannot be decoded')
  })
})

/** OKS by its definition (method.md 6.4), area 200, everything labelled. */
function ownSimilarity({ keypoints }: PosePrediction, truth: readonly number[]): number {
  const sum = COCO_17.sigmas.reduce((total, sigma, joint) => {
    const [x = 0, y = 0] = keypoints[joint] ?? []
    const distance = (x - (truth[joint * 3] ?? 0)) ** 2 + (y - (truth[joint * 3 + 1] ?? 0)) ** 2
    return total + Math.exp(-distance / (2 * (2 * sigma) ** 2 * 200))
  }, 0)
  return sum / COCO_17.sigmas.length
}
