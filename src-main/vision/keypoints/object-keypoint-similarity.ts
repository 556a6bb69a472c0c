/** An annotated person. */
export interface TruthPerson {
  readonly imageId: number | string
  /** [J * 3]: x, y, visibility; 0 is unlabelled. */
  readonly keypoints: ArrayLike<number>
  readonly box: readonly [x: number, y: number, width: number, height: number]
  /** Annotated area in square pixels. */
  readonly area: number
  /** A region with a crowd: may be matched many times, counts neither way. */
  readonly isCrowd: boolean
  /**
   * Counts neither way. Absent: crowds and persons without a labelled joint. pycocotools asks the annotation's `num_keypoints`
   * instead of counting, so a reader of its files sets this.
   */
  readonly isIgnored?: boolean
  /**
   * A detection that takes this truth counts as if it had found none: what pycocotools does with annotation id 0, which it
   * cannot tell from "no match". Absent: no.
   */
  readonly losesMatches?: boolean
}

/** A predicted person. */
export interface DetectedPerson {
  readonly imageId: number | string
  readonly score: number
  /** [J * 3]: x, y, and a third number that is not used. */
  readonly keypoints: ArrayLike<number>
  /** Square pixels that decide the area range of an unmatched detection. Absent: the extent of all joints. */
  readonly area?: number
}

/** Distance from 1 to the next double, added where pycocotools adds it. */
export const EPSILON = Number.EPSILON

/**
 * OKS of a prediction with an annotated person, 0..1: the mean over labelled joints of
 * exp(-distance^2 / (2 (2 sigma)^2 (area + eps))). Without any labelled joint, distances are to the box grown by its width
 * and height on every side, over all joints.
 *
 * @param sigmas - Falloff per joint, shape [J].
 * @throws RangeError if the numbers of joints differ.
 * Source: method.md 6.4; pycocotools `computeOks`.
 */
export function objectKeypointSimilarity(
  detection: Pick<DetectedPerson, 'keypoints'>,
  truth: Pick<TruthPerson, 'keypoints' | 'box' | 'area'>,
  sigmas: readonly number[],
): number {
  const size = sigmas.length * 3
  if (detection.keypoints.length !== size || truth.keypoints.length !== size) {
    const given = `${String(detection.keypoints.length)} and ${String(truth.keypoints.length)}`
    throw new RangeError(`objectKeypointSimilarity: needs ${String(size)} numbers a person, got ${given}`)
  }
  const isLabelled = countLabelledJoints(truth.keypoints) > 0
  let sum = 0
  let counted = 0
  for (const [joint, sigma] of sigmas.entries()) {
    if (isLabelled && (truth.keypoints[joint * 3 + 2] ?? 0) <= 0) {
      continue
    }
    const squared = isLabelled
      ? squaredDistance(detection.keypoints, truth.keypoints, joint)
      : squaredDistanceToBox(detection.keypoints, truth.box, joint)
    sum += jointSimilarity(squared, sigma, truth.area)
    counted++
  }
  return counted === 0 ? 0 : sum / counted
}

/**
 * Similarity of one joint, 0..1.
 *
 * @param squared - Squared distance in pixels.
 * @param area - Of the person, square pixels.
 */
export function jointSimilarity(squared: number, sigma: number, area: number): number {
  return Math.exp(-squared / (2 * sigma) ** 2 / (area + EPSILON) / 2)
}

export function countLabelledJoints(keypoints: ArrayLike<number>): number {
  let count = 0
  for (let at = 2; at < keypoints.length; at += 3) {
    count += (keypoints[at] ?? 0) > 0 ? 1 : 0
  }
  return count
}

/** Squared distance in pixels of one joint of two poses, both [J * 3]. */
export function squaredDistance(a: ArrayLike<number>, b: ArrayLike<number>, joint: number): number {
  const dx = (a[joint * 3] ?? 0) - (b[joint * 3] ?? 0)
  const dy = (a[joint * 3 + 1] ?? 0) - (b[joint * 3 + 1] ?? 0)
  return dx * dx + dy * dy
}

function squaredDistanceToBox(keypoints: ArrayLike<number>, box: TruthPerson['box'], joint: number): number {
  const [left, top, width, height] = box
  const x = keypoints[joint * 3] ?? 0
  const y = keypoints[joint * 3 + 1] ?? 0
  const dx = Math.max(0, left - width - x) + Math.max(0, x - (left + width * 2))
  const dy = Math.max(0, top - height - y) + Math.max(0, y - (top + height * 2))
  return dx * dx + dy * dy
}
