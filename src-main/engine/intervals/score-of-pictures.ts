import type { PictureResults } from '../../contract/index.ts'
import { precisionScore } from '../../nas/statistics/weighted-precision.ts'
import { iouScore, ratioScore } from '../../nas/statistics/weighted-scores.ts'
import type { WeightedScore } from '../../nas/statistics/weighted-scores.ts'

/** How the accuracy of a candidate follows from its results by picture; with weight 1 everywhere it is the stored one. */
export function scoreOfPictures(results: PictureResults): WeightedScore {
  switch (results.kind) {
    case 'ratio':
      return ratioScore(results)
    case 'iou':
      return iouScore(results)
    case 'ap':
      return precisionScore(results)
    default:
      return results satisfies never
  }
}

export function countPictures(results: PictureResults): number {
  switch (results.kind) {
    case 'ratio':
      return results.hits.length
    case 'iou':
      return results.classes === 0 ? 0 : results.unions.length / results.classes
    case 'ap':
      return results.positives.length
    default:
      return results satisfies never
  }
}
