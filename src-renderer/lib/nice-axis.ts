import type { Extent } from './padded-extent.ts'

export interface NiceAxis {
  readonly extent: Extent
  readonly step: number
  /** Decimals that tell two ticks apart. */
  readonly digits: number
}

/**
 * A range widened to round numbers, and the distance of its ticks: 1, 2, 2.5 or 5 times a power of ten.
 *
 * @param ticks - About how many steps are wanted.
 * @throws RangeError for a range that is empty or not finite.
 */
export function niceAxis([low, high]: Extent, ticks = 5): NiceAxis {
  if (!(high > low) || !Number.isFinite(high - low)) {
    throw new RangeError(`niceAxis: expected low < high, got ${String(low)} and ${String(high)}`)
  }
  const rough = (high - low) / ticks
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough * (1 - 1e-9)) ?? 10
  const step = factor * power
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9) + (factor === 2.5 ? 1 : 0))
  const round = (value: number): number => Number(value.toFixed(digits + 2))
  return {
    extent: [round(Math.floor(low / step + 1e-9) * step), round(Math.ceil(high / step - 1e-9) * step)],
    step: round(step),
    digits: Math.min(digits, 6),
  }
}
