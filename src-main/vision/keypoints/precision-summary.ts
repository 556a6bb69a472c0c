import type { ImageMatches } from './match-persons.ts'
import { EPSILON } from './object-keypoint-similarity.ts'

/** Precision and recall within one area range, per threshold; -1 where no truth counts. */
export interface PrecisionSummary {
  /** [T]: mean of the precision curve over recalls 0, 0.01, …, 1. */
  readonly precisions: readonly number[]
  /** [T]: recall with all detections. */
  readonly recalls: readonly number[]
  /** Truths that count. */
  readonly positives: number
}

const RECALL_COUNT = 101

/**
 * Precision over recall of all pictures together, detections by falling score; ties keep the order of the pictures.
 *
 * Source: method.md 6.4; pycocotools `accumulate`.
 */
export function summarizePrecision(
  images: readonly ImageMatches[],
  thresholdCount: number,
): PrecisionSummary {
  const positives = images.reduce((sum, image) => sum + image.positives, 0)
  const order = images
    .flatMap((image, index) => image.scores.map((score, detection) => ({ score, index, detection })))
    .toSorted((a, b) => b.score - a.score)
  const precisions: number[] = []
  const recalls: number[] = []
  for (let threshold = 0; threshold < thresholdCount; threshold++) {
    const hits = order.flatMap(({ index, detection }) => {
      const image = images[index]
      return image?.isIgnored[threshold]?.[detection] === true
        ? []
        : [image?.isMatched[threshold]?.[detection] === true]
    })
    precisions.push(positives === 0 ? -1 : interpolatedPrecision(hits, positives))
    recalls.push(positives === 0 ? -1 : hits.filter(Boolean).length / positives)
  }
  return { precisions, recalls, positives }
}

/** numpy's linspace(0.5, 0.95, 10), to the last bit, since similarities may equal a threshold. */
export function listThresholds(): number[] {
  const count = 10
  const step = (0.95 - 0.5) / (count - 1)
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? 0.95 : 0.5 + index * step))
}

/** Mean of what is known; -1 if nothing is. */
export function meanOfKnown(values: readonly number[]): number {
  const known = values.filter((value) => value > -1)
  return known.length === 0 ? -1 : known.reduce((sum, value) => sum + value, 0) / known.length
}

/** Mean over recalls 0, 0.01, …, 1 of the best precision at that recall or a higher one; 0 where it is not reached. */
function interpolatedPrecision(hits: readonly boolean[], positives: number): number {
  const recall: number[] = []
  const precision: number[] = []
  let found = 0
  hits.forEach((isHit, index) => {
    found += isHit ? 1 : 0
    recall.push(found / positives)
    precision.push(found / (index + 1 + EPSILON))
  })
  for (let index = precision.length - 1; index > 0; index--) {
    precision[index - 1] = Math.max(precision[index - 1] ?? 0, precision[index] ?? 0)
  }
  let sum = 0
  let at = 0
  for (let step = 0; step < RECALL_COUNT; step++) {
    const wanted = step === RECALL_COUNT - 1 ? 1 : step * 0.01
    while (at < recall.length && (recall[at] ?? 0) < wanted) {
      at++
    }
    sum += precision[at] ?? 0
  }
  return sum / RECALL_COUNT
}
