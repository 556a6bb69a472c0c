import type { OptimizerConfig } from '../contract/index.ts'

/** Factor at each drop of the step schedule (method.md 5.4). */
const DROP = 0.1
/** Exponent of the polynomial schedule. */
const POWER = 0.9

/**
 * Learning rate of iteration k (from 0) out of `total`.
 *
 * `poly` and `cosine` use index k - 1: the reference sets the next rate after a step from that step's index, so the
 * first two iterations both run at the full rate (method.md 5.4).
 */
export function learningRateAt(
  { learningRate, schedule, dropAt }: OptimizerConfig,
  iteration: number,
  total: number,
): number {
  const index = Math.max(0, iteration - 1)
  switch (schedule) {
    case 'constant':
      return learningRate
    case 'step':
      return learningRate * DROP ** dropAt.filter((share) => iteration >= share * total).length
    case 'poly':
      return learningRate * (1 - index / total) ** POWER
    case 'cosine':
      return learningRate * 0.5 * (1 + Math.cos((Math.PI * index) / total))
    default:
      return schedule satisfies never
  }
}
