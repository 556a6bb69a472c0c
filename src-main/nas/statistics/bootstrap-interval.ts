import { elementAt } from '../element-at.ts'
import type { Random } from '../random.ts'

export interface Interval {
  readonly low: number
  readonly high: number
}

export interface BootstrapOptions {
  readonly random: Random
  /** Default 2,000: the ends of a 95 % interval then stand on 50 values each. */
  readonly resamples?: number
  /** Share of the resampled values inside, in (0, 1); default 0.95. */
  readonly level?: number
}

const DEFAULT_RESAMPLES = 2000
const DEFAULT_LEVEL = 0.95

/**
 * Percentile bootstrap: the statistic of samples drawn with replacement, and the middle `level` of its values.
 *
 * @param statistic - Null or NaN where a resample does not define it (a rank correlation of one entry drawn N times); such resamples are
 *   left out.
 * @returns Null for fewer than 2 samples, or if more than half of the resamples leave the statistic undefined: then they say nothing.
 * @throws RangeError if resamples or level are out of range.
 *
 * Source: Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7 (1979).
 */
export function bootstrapInterval<Sample>(
  samples: readonly Sample[],
  statistic: (resample: readonly Sample[]) => number | null,
  { random, resamples = DEFAULT_RESAMPLES, level = DEFAULT_LEVEL }: BootstrapOptions,
): Interval | null {
  if (!Number.isInteger(resamples) || resamples < 1 || !(level > 0 && level < 1)) {
    throw new RangeError(
      `bootstrapInterval: resamples must be a positive integer and level in (0, 1), got ${String(resamples)} and ${String(level)}`,
    )
  }
  if (samples.length < 2) {
    return null
  }
  const values = Array.from({ length: resamples }, () => statistic(samples.map(() => random.choice(samples))))
    .filter((value) => value !== null)
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b)
  if (values.length * 2 < resamples) {
    return null
  }
  const tail = (1 - level) / 2
  return { low: quantileOfSorted(values, tail), high: quantileOfSorted(values, 1 - tail) }
}

/**
 * Quantile by linear interpolation between order statistics: the value at position share * (N - 1).
 *
 * @param sorted - N >= 1 values, ascending.
 * @param share - In [0, 1].
 * @throws RangeError if there are no values or the share is out of range.
 */
export function quantileOfSorted(sorted: readonly number[], share: number): number {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`quantileOfSorted: share must be in [0, 1], got ${String(share)}`)
  }
  const position = share * (sorted.length - 1)
  const below = elementAt(sorted, Math.floor(position), 'sorted values')
  const above = elementAt(sorted, Math.ceil(position), 'sorted values')
  return below + (position - Math.floor(position)) * (above - below)
}
