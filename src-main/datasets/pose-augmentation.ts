import type { PoseTaskConfig } from '../contract/index.ts'
import type { RandomSource } from '../vision/random-source.ts'
import type { PoseSample, Skeleton } from './dataset.ts'
import { countLabelled, labelledJoints } from './pose-box.ts'

/** The random part of one training crop (method.md 5.5 step 2). */
export interface PoseAugmentation {
  /** Crop only this half of the body, or null for the whole box. */
  readonly halfBody: 'upper' | 'lower' | null
  /** Times the scale; above 1 shows more surroundings. */
  readonly scaleFactor: number
  readonly rotationDegrees: number
  readonly isFlipped: boolean
}

/** Half-body crops need more labelled joints than this. */
const HALF_BODY_LABELLED = 8
/** A half needs more labelled joints than this to be chosen. */
const HALF_LABELLED = 2
/** Upper wins when a standard normal draw is below this, so with probability 0.69. */
const UPPER_BELOW = 0.5

/**
 * Draws in the order of method.md 5.5: half body (uniform only if more than 8 joints are labelled, then one normal), scale
 * (normal), rotation (uniform, then one normal if it applies), flip (uniform).
 */
export function drawPoseAugmentation(
  random: RandomSource,
  sample: PoseSample,
  skeleton: Skeleton,
  config: PoseTaskConfig,
): PoseAugmentation {
  const halfBody =
    countLabelled(sample.keypoints) > HALF_BODY_LABELLED && random.next() < config.halfBodyProbability
      ? drawHalf(random, sample, skeleton)
      : null
  const scaleFactor = clamp(
    random.normal() * config.scaleFactor + 1,
    1 - config.scaleFactor,
    1 + config.scaleFactor,
  )
  const widest = 2 * config.rotationFactor
  const rotationDegrees =
    random.next() < config.rotationProbability
      ? clamp(random.normal() * config.rotationFactor, -widest, widest)
      : 0
  const isFlipped = random.next() < config.flipProbability
  return { halfBody, scaleFactor, rotationDegrees, isFlipped }
}

function drawHalf(random: RandomSource, sample: PoseSample, skeleton: Skeleton): 'upper' | 'lower' {
  const upper = labelledJoints(sample, skeleton.upperJoints).length
  const lower = labelledJoints(sample, skeleton.lowerJoints).length
  if (random.normal() < UPPER_BELOW && upper > HALF_LABELLED) {
    return 'upper'
  }
  return lower > HALF_LABELLED ? 'lower' : 'upper'
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
