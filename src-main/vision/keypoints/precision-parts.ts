import { AREA_RANGES } from './area-ranges.ts'
import { compareIds, groupByImage } from './average-precision.ts'
import type { AveragePrecisionOptions } from './average-precision.ts'
import { matchPersons } from './match-persons.ts'
import type { ImageMatches } from './match-persons.ts'
import { listThresholds } from './precision-summary.ts'

/** What `averagePrecision` of all areas is made of. Axes: P pictures by rising id, D detections by picture and falling score. */
export interface PrecisionParts {
  /** [P]: persons that count. */
  readonly positives: Uint32Array
  /** [P]: detections. */
  readonly counts: Uint32Array
  /** [D]. */
  readonly scores: Float64Array
  /** [D]: bit t is set where the detection has a person at threshold t. */
  readonly matched: Uint16Array
  /** [D]: bit t is set where it counts neither way at threshold t. */
  readonly ignored: Uint16Array
}

/**
 * @param pictures - Ids of all pictures, those without a person or a detection among them, so that the parts of two networks have
 *   the same axis P. Any order, each at least once.
 */
export function precisionParts(
  options: AveragePrecisionOptions,
  pictures: readonly (number | string)[],
): PrecisionParts {
  const thresholds = listThresholds()
  const truthOf = Map.groupBy(options.truth, ({ imageId }) => imageId)
  const detectionsOf = Map.groupBy(options.detections, ({ imageId }) => imageId)
  const ids = [...new Set(pictures)].toSorted(compareIds)
  const matches = ids.map((id): ImageMatches => {
    const [image = { truth: [], detections: [], similarities: [] }] = groupByImage({
      truth: truthOf.get(id) ?? [],
      detections: detectionsOf.get(id) ?? [],
      sigmas: options.sigmas,
    })
    return matchPersons(image, AREA_RANGES.all, thresholds)
  })
  return {
    positives: Uint32Array.from(matches, ({ positives }) => positives),
    counts: Uint32Array.from(matches, ({ scores }) => scores.length),
    scores: Float64Array.from(matches.flatMap(({ scores }) => scores)),
    matched: Uint16Array.from(matches.flatMap((image) => bitsOf(image.isMatched, image.scores.length))),
    ignored: Uint16Array.from(matches.flatMap((image) => bitsOf(image.isIgnored, image.scores.length))),
  }
}

/** [threshold][detection] → one number for each detection. */
function bitsOf(flags: readonly (readonly boolean[])[], detections: number): number[] {
  return Array.from({ length: detections }, (_, detection) =>
    flags.reduce((bits, row, threshold) => bits | (row[detection] === true ? 1 << threshold : 0), 0),
  )
}
