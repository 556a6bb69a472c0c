import type { RunConfig } from '../contract/index.ts'
import type { Batch } from './batch.ts'
import { planBatch } from './batch-order.ts'
import type { Dataset } from './dataset.ts'
import { assemblePoseBatch } from './pose-batch.ts'
import { requireBottomUp } from './require-bottom-up.ts'
import { sampleRandom } from './sample-random.ts'
import { assembleSceneBatch } from './scene-batch.ts'
import { assembleSegmentationBatch } from './segmentation-batch.ts'

export interface BatchSourceOptions {
  readonly config: RunConfig
  readonly dataset: Dataset
  readonly batch: number
  readonly seed: number
}

/**
 * The training batch of iteration k: a pure function of (seed, batch size, k). Order comes from (seed, epoch), augmentation
 * from (seed, epoch, sample), so it does not matter who computes it, when, or what came before.
 *
 * @throws EngineError DATASET if a picture cannot be read.
 */
export async function computeBatch(options: BatchSourceOptions, iteration: number): Promise<Batch> {
  const { config, dataset, batch, seed } = options
  if (dataset.kind === 'pose') {
    const draws = planDraws(dataset.splits.train, config.pose.augment, { batch, seed, iteration })
    return assemblePoseBatch(dataset, draws, config.network, config.pose)
  }
  if (dataset.kind === 'bottom-up-pose') {
    const task = requireBottomUp(config)
    const draws = planDraws(dataset.splits.train, task.augment, { batch, seed, iteration })
    return assembleSceneBatch(dataset, draws, config.network, task)
  }
  const draws = planDraws(dataset.splits.train, config.segmentation.augment, { batch, seed, iteration })
  return assembleSegmentationBatch(dataset, draws, config)
}

function planDraws<Sample extends { readonly id: string }>(
  samples: readonly Sample[],
  isAugmented: boolean,
  place: { readonly batch: number; readonly seed: number; readonly iteration: number },
) {
  return planBatch(place.seed, samples.length, place.batch, place.iteration).map((slot) => {
    const sample = samples[slot.sample]
    if (sample === undefined) {
      throw new RangeError(`no training sample ${String(slot.sample)}`)
    }
    const random = isAugmented
      ? sampleRandom('augment', place.seed, slot.epoch, slot.repeat, sample.id)
      : null
    return { sample, random }
  })
}
