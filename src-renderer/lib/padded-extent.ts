export type Extent = readonly [low: number, high: number]

/**
 * Smallest and largest value with room on both sides, for an axis.
 *
 * @param share - Room on each side as a share of the span; a span of zero gets room of its own size, or one.
 * @returns null for no finite values.
 */
export function paddedExtent(values: Iterable<number>, share = 0.06): Extent | null {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (Number.isFinite(value)) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  if (low > high) {
    return null
  }
  const span = high - low
  const room = span > 0 ? span * share : Math.abs(high) * 0.05 || 1
  return [low - room, high + room]
}
