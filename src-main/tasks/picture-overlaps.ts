import type { IouResults } from '../contract/index.ts'
import { addToConfusionMatrix, createConfusionMatrix } from '../vision/segmentation/confusion-matrix.ts'
import type { ConfusionMatrix } from '../vision/segmentation/confusion-matrix.ts'
import { classOverlaps } from '../vision/segmentation/intersection-over-union.ts'

export interface PictureOverlaps {
  /** One picture, as `addToConfusionMatrix` takes it. */
  add(truth: ArrayLike<number>, prediction: ArrayLike<number>): void
  /** Of all pictures together. Counts are whole numbers, so no order of adding changes a bit. */
  readonly matrix: ConfusionMatrix
  results(): IouResults
}

/** Counts pictures one by one. Of each two numbers a class are kept: a matrix each would be 180 kB with 150 classes. */
export function countOverlaps(classes: number, ignoreLabel: number): PictureOverlaps {
  const matrix = createConfusionMatrix(classes)
  const ofOne = createConfusionMatrix(classes)
  const intersections: Uint32Array[] = []
  const unions: Uint32Array[] = []
  return {
    matrix,
    add(truth, prediction) {
      ofOne.counts.fill(0)
      addToConfusionMatrix(ofOne, truth, prediction, ignoreLabel)
      ofOne.counts.forEach((count, cell) => {
        matrix.counts[cell] = (matrix.counts[cell] ?? 0) + count
      })
      const overlaps = classOverlaps(ofOne)
      intersections.push(Uint32Array.from(overlaps, ({ intersection }) => intersection))
      unions.push(Uint32Array.from(overlaps, ({ union }) => union))
    },
    results: () => ({
      ...{ kind: 'iou', classes },
      ...{ intersections: join(intersections), unions: join(unions) },
    }),
  }
}

/** P arrays [C] → [P, C]. */
function join(rows: readonly Uint32Array[]): Uint32Array {
  const width = rows[0]?.length ?? 0
  const joined = new Uint32Array(rows.length * width)
  rows.forEach((row, index) => {
    joined.set(row, index * width)
  })
  return joined
}
