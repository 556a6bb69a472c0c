import { paretoFront, type ParetoPoint } from './pareto-front.ts'

/** A point in objective space, already oriented so that smaller is better on both axes. */
export type MinimizedPoint = readonly [first: number, second: number]

/** The largest network's cost times this is the corner of the front's hypervolume (method.md 7.5). */
const REFERENCE_MARGIN = 1.01

/**
 * Area that a set of points dominates, bounded by a reference point: the two-objective hypervolume.
 *
 * @param points - P points, shape [P, 2], any order, duplicates and dominated points allowed. Both axes are minimised.
 * @param reference - Corner that bounds the area, shape [2]. Points that do not beat it on both axes add nothing.
 * @returns The area in (unit of axis 0) x (unit of axis 1); 0 for no points.
 * @throws RangeError if a coordinate is not finite.
 *
 * Cost: O(P log P) time, O(P) memory.
 * Source: the S-metric of Zitzler & Thiele, PPSN V (1998); for two axes it reduces to this sorted sweep.
 */
export function hypervolume2d(points: readonly MinimizedPoint[], reference: MinimizedPoint): number {
  for (const point of [...points, reference]) {
    if (!point.every(Number.isFinite)) {
      throw new RangeError(`hypervolume2d: coordinates must be finite, got [${point.join(', ')}]`)
    }
  }

  const [referenceFirst, referenceSecond] = reference
  const leftToRight = points
    .filter(([first, second]) => first < referenceFirst && second < referenceSecond)
    .toSorted(([a], [b]) => a - b)

  let area = 0
  let lowestSecond = referenceSecond
  for (const [first, second] of leftToRight) {
    if (second < lowestSecond) {
      area += (referenceFirst - first) * (lowestSecond - second)
      lowestSecond = second
    }
  }
  return area
}

/** R of method.md 7.5: 1.01 times the MACs of the largest genotype. */
export function hypervolumeReference(largestMacs: number): number {
  return REFERENCE_MARGIN * largestMacs
}

/**
 * Normalised hypervolume of a search (method.md 7.5): the sum over the front, sorted by MACs, of (R - macs)(accuracy - accuracy of
 * the point before) / R. The part of the rectangle R × 1 that the points dominate, in [0, 1] for accuracies in [0, 1].
 *
 * @param points - Any candidates; those without a finite accuracy and those at R or beyond add nothing.
 * @param referenceMacs - R, see {@link hypervolumeReference}.
 * @throws RangeError if R is not a positive finite number.
 */
export function frontHypervolume(points: readonly ParetoPoint[], referenceMacs: number): number {
  if (!(referenceMacs > 0 && Number.isFinite(referenceMacs))) {
    throw new RangeError(`frontHypervolume: reference must be positive MACs, got ${String(referenceMacs)}`)
  }
  let area = 0
  let accuracyBefore = 0
  for (const { macs, accuracy } of paretoFront(points)) {
    if (accuracy !== null && macs < referenceMacs && accuracy > accuracyBefore) {
      area += (referenceMacs - macs) * (accuracy - accuracyBefore)
      accuracyBefore = accuracy
    }
  }
  return area / referenceMacs
}
