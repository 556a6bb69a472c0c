import type { Extent } from './padded-extent.ts'

export interface NiceTicks {
  /** Ascending, all inside the range. */
  readonly values: readonly number[]
  readonly step: number
  /** Decimals that tell two ticks apart. */
  readonly digits: number
}

const FACTORS: readonly number[] = [1, 2, 2.5, 5, 10]

/**
 * Round places inside a range for an axis: 1, 2, 2.5 or 5 times a power of ten apart.
 *
 * @param count - About how many are wanted.
 * @throws RangeError for a range that is empty or not finite.
 */
export function niceTicks([low, high]: Extent, count = 5): NiceTicks {
  if (!(high > low) || !Number.isFinite(high - low)) {
    throw new RangeError(`niceTicks: expected low < high, got ${String(low)} and ${String(high)}`)
  }
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const farness = (candidate: number): number => Math.abs(Math.log((candidate * power) / rough))
  const [factor = 1] = FACTORS.toSorted((a, b) => farness(a) - farness(b))
  const step = factor * power
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (factor === 2.5 ? 1 : 0))
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return {
    values: Array.from({ length: last - first + 1 }, (_, index) =>
      Number(((first + index) * step).toFixed(digits)),
    ),
    step: Number(step.toPrecision(3)),
    digits,
  }
}
