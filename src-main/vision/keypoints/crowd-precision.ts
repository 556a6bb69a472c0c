import { averagePrecision } from './average-precision.ts'
import type { AveragePrecisionOptions } from './average-precision.ts'

/** Share of the box that stands for a person's area where none is annotated. Source: xtcocotools, `use_area=False`. */
export const AREA_OF_BOX = 0.53

/** A person's area in square pixels from its box. Products in xtcocotools' order: an area may lie exactly on a bound. */
export function areaFromBox([, , width, height]: readonly [number, number, number, number]): number {
  return width * height * AREA_OF_BOX
}

/** AP of pictures that are hardly, somewhat and very crowded, each in [-1, 1]. */
export interface CrowdScores {
  readonly easy: number
  readonly medium: number
  readonly hard: number
}

export type CrowdLevel = keyof CrowdScores

/** Level of a picture by its `crowdIndex`: below 0.2, below 0.8, the rest (xtcocotools; the article says 0.1). */
export function crowdLevel(crowdIndex: number): CrowdLevel {
  if (crowdIndex < 0.2) {
    return 'easy'
  }
  return crowdIndex < 0.8 ? 'medium' : 'hard'
}

export interface CrowdOptions extends AveragePrecisionOptions {
  readonly levelOf: (imageId: number | string) => CrowdLevel
}

/**
 * CrowdPose's easy, medium and hard (method.md 6.4): the protocol on the pictures of each level alone. A level without truth is -1,
 * as the plain mean of xtcocotools' precision array is. xtcocotools rounds these three to 4 digits; here they are not rounded.
 */
export function crowdPrecision({ truth, detections, sigmas, levelOf }: CrowdOptions): CrowdScores {
  const of = (level: CrowdLevel): number =>
    averagePrecision({
      truth: truth.filter(({ imageId }) => levelOf(imageId) === level),
      detections: detections.filter(({ imageId }) => levelOf(imageId) === level),
      sigmas,
    }).ap
  return { easy: of('easy'), medium: of('medium'), hard: of('hard') }
}
