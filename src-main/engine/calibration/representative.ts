import type { BenchSubnet, RunConfig } from '../../contract/index.ts'
import { trainingInputSize } from '../../datasets/training-input-size.ts'
import { countGigaFlops } from '../bench/run-bench.ts'

/** What a core of a common machine computes in a tenth to a quarter of a second. */
const STEP_GIGA_FLOPS = 8
/** In half a second; larger steps are measured on a smaller input. */
const MOST_STEP_GIGA_FLOPS = 26
/** The deepest branch has this stride. */
const INPUT_MULTIPLE = 32
const MICRO_GIGA_FLOPS = 0.25
const MINI_GIGA_FLOPS = 4

export type NetworkSize = 'micro' | 'mini' | 'full'

/** The part of a run's training that a calibration repeats. */
export interface Representative {
  readonly config: RunConfig
  readonly subnet: BenchSubnet
  readonly batch: number
  /** Training so many images of the run's size through its `hrnet` member is as much work as one repeated step. */
  readonly images: number
  readonly size: NetworkSize
  /** For people. */
  readonly name: string
}

/**
 * A training step of the run's own network: its `hrnet` member with the run's batch, or as much of it as takes about
 * {@link STEP_GIGA_FLOPS}; where one image is more than that, one image through the smallest member, of a smaller input if it must be.
 */
export function chooseRepresentative(config: RunConfig): Representative {
  const { baseWidth, inputHeight, inputWidth } = config.network
  const size = sizeClass(config)
  const name = `${size} ${config.task}, width ${String(baseWidth)}, ${String(inputHeight)} × ${String(inputWidth)}`
  const perImage = countGigaFlops({ config, subnet: 'hrnet', work: 'step', batch: 1 })
  if (perImage <= STEP_GIGA_FLOPS) {
    const batch = Math.min(config.supernet.batch, Math.floor(STEP_GIGA_FLOPS / perImage))
    return { config, size, name, subnet: 'hrnet', batch, images: batch }
  }
  const least = countGigaFlops({ config, subnet: 'smallest', work: 'step', batch: 1 })
  const share = Math.min(1, MOST_STEP_GIGA_FLOPS / least)
  const measured = {
    config: share < 1 ? shrinkInput(config, share) : config,
    subnet: 'smallest',
    batch: 1,
  } as const
  return { ...measured, size, name, images: countGigaFlops({ ...measured, work: 'step' }) / perImage }
}

/** Trains on about this share of the pixels. */
function shrinkInput(config: RunConfig, share: number): RunConfig {
  const { inputHeight, inputWidth } = trainingInputSize(config)
  const shrink = (length: number): number =>
    Math.max(2, Math.round((length * Math.sqrt(share)) / INPUT_MULTIPLE)) * INPUT_MULTIPLE
  const [height, width] = [shrink(inputHeight), shrink(inputWidth)]
  return {
    ...config,
    network: { ...config.network, inputHeight: height, inputWidth: width },
    segmentation: { ...config.segmentation, cropHeight: height, cropWidth: width },
  }
}

/** By the operations of one image through the `hrnet` member. */
export function sizeClass(config: RunConfig): NetworkSize {
  const forward = countGigaFlops({ config, subnet: 'hrnet', work: 'inference', batch: 1 })
  return forward < MICRO_GIGA_FLOPS ? 'micro' : forward < MINI_GIGA_FLOPS ? 'mini' : 'full'
}
