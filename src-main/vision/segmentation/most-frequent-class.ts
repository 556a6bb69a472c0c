/**
 * Class with most pixels: the answer of a predictor that never looks at the picture. Ties go to the lower index.
 *
 * @param pixelCounts - Pixels of each class in the training split, shape [C].
 */
export function mostFrequentClass(pixelCounts: ArrayLike<number>): number {
  let best = 0
  for (let index = 1; index < pixelCounts.length; index++) {
    if ((pixelCounts[index] ?? 0) > (pixelCounts[best] ?? 0)) {
      best = index
    }
  }
  return best
}

/**
 * Loss weights that make rare classes count more: 1 / ln(1.02 + share), divided by their mean so that the mean weight is 1.
 * A class without pixels gets weight 0 and does not enter the mean.
 *
 * @param pixelCounts - Pixels of each class in the training split, shape [C].
 * @returns [C]; all 0 if there are no pixels. Source: Paszke et al., ENet (2016), section 5.2, c = 1.02.
 */
export function balancedClassWeights(pixelCounts: ArrayLike<number>): number[] {
  const counts = Array.from(pixelCounts)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const raw = counts.map((count) => (count === 0 ? 0 : 1 / Math.log(ENET_OFFSET + count / total)))
  const present = raw.filter((weight) => weight > 0)
  const mean = present.reduce((sum, weight) => sum + weight, 0) / Math.max(1, present.length)
  return raw.map((weight) => (mean === 0 ? 0 : weight / mean))
}

const ENET_OFFSET = 1.02
