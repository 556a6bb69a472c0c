import type { WeightedScore } from './weighted-scores.ts'

/** Axes: P pictures, D detections by picture and falling score. */
export interface PrecisionParts {
  /** [P]: persons that count. */
  readonly positives: ArrayLike<number>
  /** [P]: detections. */
  readonly counts: ArrayLike<number>
  /** [D]. */
  readonly scores: ArrayLike<number>
  /** [D]: bit t is set where the detection has a person at threshold t. */
  readonly matched: ArrayLike<number>
  /** [D]: bit t is set where it counts neither way at threshold t. */
  readonly ignored: ArrayLike<number>
}

/** OKS 0.50, 0.55, …, 0.95. */
const THRESHOLDS = 10
/** Recalls 0, 0.01, …, 1. */
const RECALLS = 101

/**
 * COCO's average precision, mean over the thresholds; 0 where no person counts. Detections are sorted once; a resample is one pass over
 * them for each threshold.
 *
 * A picture of weight w stands for w copies, whose detections follow one another in the order of scores. So w hits in a row raise precision
 * step by step, and only the precision after the last of them can be the best at some recall: no copies are needed.
 *
 * Cost: O(D log D) once, then O(P + D) a resample. Source: method.md 6.4; pycocotools `accumulate`.
 */
export function precisionScore(parts: PrecisionParts): WeightedScore {
  const sorted = sortDetections(parts)
  const hitRecalls = new Float64Array(sorted.length)
  const hitPrecisions = new Float64Array(sorted.length)
  return (weights) => {
    let positives = 0
    for (let picture = 0; picture < parts.positives.length; picture++) {
      positives += (weights[picture] ?? 0) * (parts.positives[picture] ?? 0)
    }
    if (positives === 0) {
      return 0
    }
    let sum = 0
    for (let threshold = 0; threshold < THRESHOLDS; threshold++) {
      const bit = 1 << threshold
      let [found, seen, hits] = [0, 0, 0]
      for (const { picture, matched, ignored } of sorted) {
        const weight = weights[picture] ?? 0
        if (weight === 0 || (ignored & bit) !== 0) {
          continue
        }
        seen += weight
        if ((matched & bit) !== 0) {
          found += weight
          hitRecalls[hits] = found / positives
          hitPrecisions[hits] = found / (seen + Number.EPSILON)
          hits += 1
        }
      }
      sum += interpolate(hitRecalls, hitPrecisions, hits)
    }
    return sum / THRESHOLDS
  }
}

interface SortedDetection {
  readonly picture: number
  readonly matched: number
  readonly ignored: number
}

/** By falling score; ties keep the order of the pictures. */
function sortDetections({ counts, scores, matched, ignored }: PrecisionParts): readonly SortedDetection[] {
  const pictures = Array.from(counts).flatMap((count, picture) => Array<number>(count).fill(picture))
  return pictures
    .map((picture, at) => ({
      ...{ picture, score: scores[at] ?? 0 },
      ...{ matched: matched[at] ?? 0, ignored: ignored[at] ?? 0 },
    }))
    .toSorted((a, b) => b.score - a.score)
}

/** Mean over the recalls of the best precision at that recall or a higher one; 0 where it is not reached. Changes `precisions`. */
function interpolate(recalls: Float64Array, precisions: Float64Array, hits: number): number {
  for (let hit = hits - 1; hit > 0; hit--) {
    precisions[hit - 1] = Math.max(precisions[hit - 1] ?? 0, precisions[hit] ?? 0)
  }
  let sum = 0
  let at = 0
  for (let step = 0; step < RECALLS; step++) {
    // The products of pycocotools: a recall may lie exactly on one.
    const wanted = step === RECALLS - 1 ? 1 : step * 0.01
    while (at < hits && (recalls[at] ?? 0) < wanted) {
      at++
    }
    sum += at < hits ? (precisions[at] ?? 0) : 0
  }
  return sum / RECALLS
}
