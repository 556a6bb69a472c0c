import { describe, expect, it } from 'vitest'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import { openBatchLoader } from '../../../src-main/datasets/batch-loader.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { keepAll } from '../../../src-main/tasks/pictures.ts'
import { createSceneScoring } from '../../../src-main/tasks/scene-scoring.ts'
import { Optimizer } from '../../../src-main/training/optimizer.ts'
import { forwardWithRunning } from '../../../src-main/training/score-subnet.ts'
import { trainIteration } from '../../../src-main/training/train-iteration.ts'
import { sceneGeometry } from '../../../src-main/worker/open-scoring.ts'
import { openRunContext, prepareRunScenes } from '../../../src-main/worker/run-context.ts'
import { freshSupernet } from '../../../src-main/worker/supernet-files.ts'
import { readPresets } from '../../support/engine-core.ts'

/** Enough for joints and tags of four pictures; a few seconds. */
const ITERATIONS = 150

describe('bottom-up pose as a whole', () => {
  it('learns four pictures by heart: everybody in them is found and told from the others', async () => {
    const config = freezeConfig(await readPresets(), {
      preset: 'micro-bottom-up',
      overrides: { 'dataset.drawn.train': 4, 'teacher.batch': 4, 'bottomUp.augment': false },
    })
    const kernels = await createWasmKernels()
    const run = await openRunContext(config, kernels)
    const { dataset, task } = run
    if (dataset.kind !== 'bottom-up-pose') {
      throw new TypeError(`opened as ${dataset.kind}`)
    }
    const plan = run.plan(largestGenotype(run.space))
    const supernet = freshSupernet(run)
    const optimizer = new Optimizer(supernet, config.teacher.optimizer)
    const loader = openBatchLoader({ config, dataset, threadUrl: null, batch: 4 })
    for (let iteration = 0; iteration < ITERATIONS; iteration++) {
      const batch = task.upload(kernels, await loader.next())
      const learningRate = iteration < 0.7 * ITERATIONS ? 5e-3 : 1e-3
      const { task: loss } = trainIteration({
        ...{ supernet, optimizer, plan, batch, learningRate },
        ...{ teacher: null, distillationWeight: 0, idleWeights: 'skipIdle' },
      })
      kernels.release(loss)
      batch.release()
    }
    await loader.close()

    const samples = dataset.splits.train
    const session = supernet.openEvaluation()
    const images = createSceneScoring(
      keepAll(await prepareRunScenes(config, dataset, samples)),
      sceneGeometry(config, dataset),
    )
    const { metrics } = await images.score(kernels, forwardWithRunning(session, plan), {
      flipTest: false,
      batch: 4,
    })
    const persons = samples.flatMap((sample) => sample.persons)
    expect(persons.length).toBeGreaterThan(samples.length)
    expect(metrics['ap50']).toBeGreaterThan(0.95)
    expect(metrics['ap']).toBeGreaterThan(0.75)
    // One person a picture, however well it is found, cannot come near.
    expect(metrics['apOfSurest']).toBeLessThan(0.6)
    session.close()
    optimizer.dispose()
    supernet.dispose()
    run.dispose()
  }, 120_000)
})
