import type { PoseSample, Skeleton } from './dataset.ts'

/** Where a crop looks: centre in image pixels, scale in units of 200 pixels, as the published code counts it. */
export interface CropFrame {
  readonly centre: readonly [x: number, y: number]
  readonly scale: readonly [x: number, y: number]
}

/** Pixels of one unit of scale. */
export const SCALE_UNIT = 200
const BOX_MARGIN = 1.25
const HALF_BODY_MARGIN = 1.5

type Box = readonly [x: number, y: number, width: number, height: number]

/**
 * Box clipped to the picture, method.md 5.5 step 1: x2 = min(width - 1, x1 + max(0, w - 1)). Null when nothing is left of it.
 */
export function clipBox(box: Box, imageWidth: number, imageHeight: number): Box | null {
  const left = Math.max(0, box[0])
  const top = Math.max(0, box[1])
  const right = Math.min(imageWidth - 1, left + Math.max(0, box[2] - 1))
  const bottom = Math.min(imageHeight - 1, top + Math.max(0, box[3] - 1))
  return right >= left && bottom >= top ? [left, top, right - left, bottom - top] : null
}

/** The part of a person's box that is cropped: all of an exact one, else what lies in the picture. Null if that is nothing. */
export function croppedBox({ box, isBoxExact, imageWidth, imageHeight }: PoseSample): Box | null {
  return isBoxExact === true ? box : clipBox(box, imageWidth, imageHeight)
}

/** Centre and scale of a box for an input of the given aspect (width / height); margin 1.25. */
export function frameBox(box: Box, aspect: number): CropFrame {
  return frameExtent([box[0] + box[2] / 2, box[1] + box[3] / 2], box[2], box[3], aspect, BOX_MARGIN)
}

/**
 * Mean and extent of the labelled joints of one half of the body, margin 1.5; null with fewer than two, and where all lie on one
 * point: an extent of nothing has no crop (ours, the published code divides by it).
 */
export function frameHalfBody(
  sample: PoseSample,
  skeleton: Skeleton,
  half: 'upper' | 'lower',
  aspect: number,
): CropFrame | null {
  const joints = labelledJoints(sample, half === 'upper' ? skeleton.upperJoints : skeleton.lowerJoints)
  if (joints.length < 2) {
    return null
  }
  let sumX = 0
  let sumY = 0
  let left = Infinity
  let top = Infinity
  let right = -Infinity
  let bottom = -Infinity
  for (const joint of joints) {
    const x = sample.keypoints[joint * 3] ?? 0
    const y = sample.keypoints[joint * 3 + 1] ?? 0
    sumX += x
    sumY += y
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x)
    bottom = Math.max(bottom, y)
  }
  if (right === left && bottom === top) {
    return null
  }
  const centre: [number, number] = [sumX / joints.length, sumY / joints.length]
  return frameExtent(centre, right - left, bottom - top, aspect, HALF_BODY_MARGIN)
}

/** Those of `joints` that carry a label; visibility 1 and 2 both count. */
export function labelledJoints(sample: PoseSample, joints: readonly number[]): number[] {
  return joints.filter((joint) => (sample.keypoints[joint * 3 + 2] ?? 0) > 0)
}

export function countLabelled(keypoints: Float32Array): number {
  let count = 0
  for (let offset = 2; offset < keypoints.length; offset += 3) {
    count += (keypoints[offset] ?? 0) > 0 ? 1 : 0
  }
  return count
}

function frameExtent(
  centre: readonly [number, number],
  width: number,
  height: number,
  aspect: number,
  margin: number,
): CropFrame {
  const fittedWidth = Math.max(width, aspect * height)
  const fittedHeight = Math.max(height, width / aspect)
  return {
    centre,
    scale: [(fittedWidth / SCALE_UNIT) * margin, (fittedHeight / SCALE_UNIT) * margin],
  }
}
