import type { NetworkConfig, PoseTaskConfig } from '../contract/index.ts'
import type { RandomSource } from '../vision/random-source.ts'
import type { PoseBatch } from './batch.ts'
import type { PoseDataset, PoseSample } from './dataset.ts'
import { drawPoseAugmentation } from './pose-augmentation.ts'
import { cropPoseInto, type CropOptions } from './pose-crop.ts'
import { HEATMAP_STRIDE, heatmapSigma } from './pose-target.ts'

/** A sample with the generator of its augmentation; null crops it plainly. */
export interface PoseDraw {
  readonly sample: PoseSample
  readonly random: RandomSource | null
}

/** Crops and targets of several persons. @throws EngineError DATASET if a picture cannot be read. */
export async function assemblePoseBatch(
  dataset: PoseDataset,
  draws: readonly PoseDraw[],
  network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>,
  task: PoseTaskConfig,
): Promise<PoseBatch> {
  const { inputHeight, inputWidth } = network
  const joints = dataset.skeleton.joints.length
  const inputSize = inputHeight * inputWidth * 3
  const targetSize =
    Math.floor(inputHeight / HEATMAP_STRIDE) * Math.floor(inputWidth / HEATMAP_STRIDE) * joints
  const options: CropOptions = { inputHeight, inputWidth, sigma: heatmapSigma(task.sigma, inputHeight) }
  const input = new Float32Array(draws.length * inputSize)
  const target = new Float32Array(draws.length * targetSize)
  const weights = new Float32Array(draws.length * joints)
  const images = await Promise.all(draws.map(({ sample }) => dataset.loadImage(sample)))
  const toImage = images.map((image, index) => {
    const draw = draws[index]
    if (draw === undefined) {
      throw new RangeError(`no draw ${String(index)}`)
    }
    const { sample, random } = draw
    const augmentation = random === null ? null : drawPoseAugmentation(random, sample, dataset.skeleton, task)
    const buffers = {
      input,
      inputOffset: index * inputSize,
      target,
      targetOffset: index * targetSize,
      weights,
      weightsOffset: index * joints,
    }
    return cropPoseInto(image, sample, dataset.skeleton, options, augmentation, buffers).toImage
  })
  return {
    kind: 'pose',
    size: draws.length,
    ids: draws.map(({ sample }) => sample.id),
    input,
    target,
    weights,
    toImage,
  }
}
