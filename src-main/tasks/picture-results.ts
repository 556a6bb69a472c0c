import type { PrecisionResults, RatioResults } from '../contract/index.ts'
import type { AveragePrecisionOptions } from '../vision/keypoints/average-precision.ts'
import type { JointCounts } from '../vision/keypoints/pck.ts'
import { precisionParts } from '../vision/keypoints/precision-parts.ts'

/**
 * Persons of one picture are one unit: they share light and crowd, so a resample has all of them or none.
 *
 * @param persons - In an order that is the same for every candidate; pictures follow their first person.
 */
export function ratioResults(
  persons: readonly (JointCounts & { readonly picture: number | string })[],
): RatioResults {
  const pictures = [...Map.groupBy(persons, ({ picture }) => picture).values()]
  const sum = (pick: (counts: JointCounts) => number) =>
    Uint32Array.from(pictures, (ofOne) => ofOne.reduce((total, counts) => total + pick(counts), 0))
  return { kind: 'ratio', hits: sum(({ hits }) => hits), trials: sum(({ trials }) => trials) }
}

/** @param pictures - Ids of all pictures that were scored. */
export function precisionResults(
  options: AveragePrecisionOptions,
  pictures: readonly (number | string)[],
): PrecisionResults {
  return { kind: 'ap', ...precisionParts(options, pictures) }
}
