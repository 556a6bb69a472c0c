import type { PoseDataset, PoseSample } from './dataset.ts'
import { cropPose } from './pose-crop.ts'
import { heatmapSigma } from './pose-target.ts'
import type { NetworkConfig, PoseTaskConfig } from '../contract/index.ts'
import type { Affine } from '../vision/affine.ts'

/** A person's crop as the network gets it, without augmentation. */
export interface PreparedCrop {
  readonly sample: PoseSample
  /** [H, W, 3], normalised. */
  readonly input: Float32Array
  /** Heat-map pixels to stored image pixels. */
  readonly toImage: Affine
}

export interface CropConfig {
  readonly network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>
  readonly pose: Pick<PoseTaskConfig, 'sigma'>
}

export async function prepareCrops(
  dataset: PoseDataset,
  samples: readonly PoseSample[],
  config: CropConfig,
): Promise<readonly PreparedCrop[]> {
  const crops: PreparedCrop[] = []
  for (const sample of samples) {
    crops.push(await prepareCrop(dataset, sample, config))
  }
  return crops
}

/** @throws EngineError DATASET if the picture cannot be read. */
export async function prepareCrop(
  dataset: PoseDataset,
  sample: PoseSample,
  { network: { inputHeight, inputWidth }, pose }: CropConfig,
): Promise<PreparedCrop> {
  const options = { inputHeight, inputWidth, sigma: heatmapSigma(pose.sigma, inputHeight) }
  const image = await dataset.loadImage(sample)
  const { input, toImage } = cropPose(image, sample, dataset.skeleton, options, null)
  return { sample, input, toImage }
}

/** At most `limit` of the samples, evenly spread over the list: the same ones for every candidate and every worker. */
export function spreadOver<T>(samples: readonly T[], limit: number): readonly T[] {
  if (samples.length <= limit) {
    return samples
  }
  return Array.from({ length: limit }, (_, i) => samples[Math.floor((i * samples.length) / limit)]).filter(
    (sample) => sample !== undefined,
  )
}
