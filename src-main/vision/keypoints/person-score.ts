/** Joints at or below this confidence do not enter a person's score. Source: method.md 6.2. */
export const LEAST_CONFIDENCE = 0.2

/**
 * Score of a person for ranking: box score x mean of the joint confidences above {@link LEAST_CONFIDENCE}; 0 if none is.
 *
 * @param boxScore - Of the detector; 1 for annotated boxes.
 * @param confidences - [J]: heights of the heat-map peaks.
 */
export function personScore(boxScore: number, confidences: ArrayLike<number>): number {
  let sum = 0
  let counted = 0
  for (const confidence of Array.from(confidences)) {
    if (confidence > LEAST_CONFIDENCE) {
      sum += confidence
      counted++
    }
  }
  return counted === 0 ? 0 : (boxScore * sum) / counted
}
