import type { ConfusionMatrix } from './confusion-matrix.ts'

/**
 * IoU of each class: correct / (truth + predicted - correct), in 0..1; null for a class that neither truth nor prediction
 * has. Shape [C]. Source: method.md 6.3.
 */
export function intersectionOverUnion(matrix: ConfusionMatrix): (number | null)[] {
  return classOverlaps(matrix).map(({ intersection, union }) => (union === 0 ? null : intersection / union))
}

/** Pixels of each class in truth and prediction at once, and in either. Shape [C]. */
export function classOverlaps(matrix: ConfusionMatrix): { intersection: number; union: number }[] {
  return marginals(matrix).map(({ correct, truth, predicted }) => ({
    intersection: correct,
    union: truth + predicted - correct,
  }))
}

export interface MeanIouOptions {
  /** What a class counts that neither truth nor prediction has: `exclude` leaves it out, `zero` is the published code. */
  readonly absentClasses: 'exclude' | 'zero'
}

/** Mean over classes of {@link intersectionOverUnion}; 0 if no class counts. */
export function meanIou(matrix: ConfusionMatrix, options: MeanIouOptions): number {
  const perClass = intersectionOverUnion(matrix)
  const counted =
    options.absentClasses === 'zero'
      ? perClass.map((iou) => iou ?? 0)
      : perClass.filter((iou): iou is number => iou !== null)
  return mean(counted)
}

/** Correct pixels over all counted pixels, 0..1; 0 for an empty matrix. */
export function pixelAccuracy(matrix: ConfusionMatrix): number {
  const parts = marginals(matrix)
  const total = parts.reduce((sum, part) => sum + part.truth, 0)
  return total === 0 ? 0 : parts.reduce((sum, part) => sum + part.correct, 0) / total
}

/** Found share of each class, correct / truth in 0..1; null for a class that the truth has not. Shape [C]. */
export function classAccuracy(matrix: ConfusionMatrix): (number | null)[] {
  return marginals(matrix).map(({ correct, truth }) => (truth === 0 ? null : correct / truth))
}

/** Mean over the classes present in the truth of correct / truth, 0..1; 0 for an empty matrix. */
export function meanAccuracy(matrix: ConfusionMatrix): number {
  return mean(classAccuracy(matrix).filter((share): share is number => share !== null))
}

function marginals(matrix: ConfusionMatrix): { correct: number; truth: number; predicted: number }[] {
  const { classes, counts } = matrix
  return Array.from({ length: classes }, (_, index) => {
    let truth = 0
    let predicted = 0
    for (let other = 0; other < classes; other++) {
      truth += counts[index * classes + other] ?? 0
      predicted += counts[other * classes + index] ?? 0
    }
    return { correct: counts[index * classes + index] ?? 0, truth, predicted }
  })
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
