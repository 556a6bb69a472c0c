export interface MiningOptions {
  /** Keep at least about this many pixels; 0 turns mining off (plain weighted mean). */
  readonly keep: number
  /** Pixels of lower true-class probability than this are always hard. */
  readonly threshold: number
  readonly ignoreLabel: number
  /** One weight per class, or null for all 1. */
  readonly classWeights: readonly number[] | null
}

export interface MinedPixels {
  /** Factor of each pixel's cross-entropy in the loss; 0 where ignored or easy. Sums with the losses to the loss value. */
  readonly factors: Float32Array
  readonly kept: number
}

/**
 * Online hard example mining (method.md 5.3): p is the soft-max probability of the true class of every labelled pixel; with v the
 * p at sorted index min(keep, count - 1), pixels with p < max(v, threshold) are kept; the loss is the mean of class weight times
 * cross-entropy over them. Without mining: weighted mean, sum of w * loss over sum of w. No labelled or kept pixel: loss 0.
 *
 * @param losses - Cross-entropy per pixel, [M]. @param labels - [M], class or ignore label.
 */
export function mineHardPixels(
  losses: Float32Array,
  labels: Int32Array,
  { keep, threshold, ignoreLabel, classWeights }: MiningOptions,
): MinedPixels {
  const weightOf = (label: number): number => classWeights?.[label] ?? 1
  if (keep === 0) {
    const factors = new Float32Array(losses.length)
    let total = 0
    labels.forEach((label) => (total += label === ignoreLabel ? 0 : weightOf(label)))
    if (total > 0) {
      labels.forEach((label, i) => (factors[i] = label === ignoreLabel ? 0 : weightOf(label) / total))
    }
    return { factors, kept: factors.reduce((n, f) => n + (f > 0 ? 1 : 0), 0) }
  }
  const probabilities = trueProbabilities(losses, labels, ignoreLabel)
  const limit = Math.max(probabilityAt(keep, probabilities, threshold), threshold)
  let kept = 0
  for (const probability of probabilities) {
    kept += probability < limit ? 1 : 0
  }
  // In their place: a batch of label maps is large, and memory outside of V8's heap waits long for its collector.
  const factors = probabilities
  for (let i = 0; i < factors.length; i++) {
    const isHard = (probabilities[i] ?? IGNORED) < limit
    factors[i] = isHard ? weightOf(labels[i] ?? ignoreLabel) / kept : 0
  }
  return { factors, kept }
}

/** Stands for an ignored pixel: larger than every probability. */
const IGNORED = Infinity

/** exp(-cross-entropy) of every pixel, rounded to float32 so that comparisons agree with the threshold taken from them. */
function trueProbabilities(losses: Float32Array, labels: Int32Array, ignoreLabel: number): Float32Array {
  const probabilities = new Float32Array(losses.length)
  for (let i = 0; i < losses.length; i++) {
    probabilities[i] = labels[i] === ignoreLabel ? IGNORED : Math.exp(-(losses[i] ?? 0))
  }
  return probabilities
}

/**
 * The probability at sorted index `keep`, or the last one where there are fewer; not more than `threshold` if it is not more than that,
 * which needs no sorting: then enough pixels are hard as it is.
 */
function probabilityAt(keep: number, probabilities: Float32Array, threshold: number): number {
  let [labelled, hard] = [0, 0]
  for (const probability of probabilities) {
    labelled += probability === IGNORED ? 0 : 1
    hard += probability <= threshold ? 1 : 0
  }
  const index = Math.min(keep, labelled - 1)
  return index < hard ? threshold : (probabilities.toSorted()[index] ?? threshold)
}
