import { niceTicks } from './nice-ticks.ts'
import type { Extent } from './padded-extent.ts'

/** Places within a decade, from sparse to dense; the first set that gives enough ticks is taken. */
const MANTISSAS: readonly (readonly number[])[] = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]]

/**
 * Round values inside a range for a logarithmic axis, ascending. A range of a small part of a decade gets evenly spaced ones,
 * which is what a logarithmic axis looks like there.
 *
 * @param extent - Both ends above 0.
 * @param fewest - Ticks that are wanted at least.
 * @throws RangeError for ends that are not above 0, or in the wrong order.
 */
export function logTicks([low, high]: Extent, fewest = 4): readonly number[] {
  if (!(low > 0) || !(high > low)) {
    throw new RangeError(`logTicks: expected 0 < low < high, got ${String(low)} and ${String(high)}`)
  }
  const first = Math.floor(Math.log10(low))
  const last = Math.floor(Math.log10(high))
  const decades = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const ticksOf = (mantissas: readonly number[]): readonly number[] =>
    decades
      .flatMap((decade) => mantissas.map((mantissa) => Number((mantissa * 10 ** decade).toPrecision(3))))
      .filter((tick) => tick >= low && tick <= high)
  return MANTISSAS.map(ticksOf).find((ticks) => ticks.length >= fewest) ?? niceTicks([low, high]).values
}
