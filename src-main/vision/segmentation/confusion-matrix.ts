/** Pixel counts [truth class, predicted class], row-major, C x C. */
export interface ConfusionMatrix {
  readonly classes: number
  readonly counts: Float64Array
}

export function createConfusionMatrix(classes: number): ConfusionMatrix {
  return { classes, counts: new Float64Array(classes * classes) }
}

/**
 * Adds one picture's pixels; those whose truth is the ignore label are left out.
 *
 * @param truth - Class indices or the ignore label, any shape, flattened.
 * @param prediction - Class indices 0..C-1, same length.
 * @throws RangeError for different lengths, a truth that is neither class nor ignore label, or a prediction outside 0..C-1.
 */
export function addToConfusionMatrix(
  matrix: ConfusionMatrix,
  truth: ArrayLike<number>,
  prediction: ArrayLike<number>,
  ignoreLabel: number,
): void {
  const { classes, counts } = matrix
  if (truth.length !== prediction.length) {
    throw new RangeError(
      `confusion matrix: ${String(truth.length)} truth pixels, ${String(prediction.length)} predicted`,
    )
  }
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const row = truth[pixel] ?? ignoreLabel
    if (row === ignoreLabel) {
      continue
    }
    const column = prediction[pixel] ?? -1
    if (row < 0 || row >= classes || column < 0 || column >= classes) {
      throw new RangeError(
        `confusion matrix: pixel ${String(pixel)} has truth ${String(row)} and prediction ${String(column)}; ` +
          `allowed are 0..${String(classes - 1)}, and truth ${String(ignoreLabel)} (ignored)`,
      )
    }
    counts[row * classes + column] = (counts[row * classes + column] ?? 0) + 1
  }
}
