import {
  addToConfusionMatrix,
  createConfusionMatrix,
} from '../../src-main/vision/segmentation/confusion-matrix.ts'
import { intersectionOverUnion } from '../../src-main/vision/segmentation/intersection-over-union.ts'

/** What one picture says about one class. */
export interface ClassStatistics {
  readonly classIndex: number
  /** Share of the pixels that count, by truth. */
  readonly truthShare: number
  /** On this picture; null where neither truth nor prediction has the class. */
  readonly intersectionOverUnion: number | null
}

export interface ClassConfusion {
  readonly truth: number
  readonly prediction: number
  /** Share of the pixels that count. */
  readonly share: number
}

export interface LabelMapStatistics {
  readonly classes: readonly ClassStatistics[]
  /** Pairs that were mixed up, most pixels first. */
  readonly confusions: readonly ClassConfusion[]
}

/**
 * Statistics of one predicted label map against its truth.
 *
 * @param labels - Predicted class per pixel; same length as truth.
 * @param truth - True class per pixel; pixels of `ignoreLabel` do not count.
 * @throws RangeError if the lengths differ or an index is no class.
 */
export function labelMapStatistics(
  labels: Uint8Array,
  truth: Uint8Array,
  classCount: number,
  ignoreLabel: number,
): LabelMapStatistics {
  const matrix = createConfusionMatrix(classCount)
  addToConfusionMatrix(matrix, truth, labels, ignoreLabel)
  const counted = matrix.counts.reduce((sum, count) => sum + count, 0)
  const shareOf = (row: number, column: number): number =>
    counted === 0 ? 0 : (matrix.counts[row * classCount + column] ?? 0) / counted
  const indices = Array.from({ length: classCount }, (_, index) => index)
  const perClass = intersectionOverUnion(matrix)
  return {
    classes: indices.map((index) => ({
      classIndex: index,
      truthShare: indices.reduce((sum, column) => sum + shareOf(index, column), 0),
      intersectionOverUnion: perClass[index] ?? null,
    })),
    confusions: indices
      .flatMap((row) =>
        indices.map((column) => ({ truth: row, prediction: column, share: shareOf(row, column) })),
      )
      .filter((pair) => pair.truth !== pair.prediction && pair.share > 0)
      .toSorted((a, b) => b.share - a.share),
  }
}

/** Share of the pixels of each class in a label map; indices that are no class count as none. @param labels - At least one pixel. */
export function labelShares(labels: Uint8Array, classCount: number): readonly number[] {
  const counts = Array.from({ length: classCount }, () => 0)
  for (const label of labels) {
    if (label < classCount) {
      counts[label] = (counts[label] ?? 0) + 1
    }
  }
  return counts.map((count) => count / labels.length)
}
