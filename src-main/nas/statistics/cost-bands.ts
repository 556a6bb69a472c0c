/**
 * Splits entries into bands of rising cost with as equal numbers as possible; the remainder goes to the first bands. Entries of equal cost
 * keep their order.
 *
 * @returns `count` bands, from cheap to expensive; some are empty if there are fewer entries than bands.
 * @throws RangeError if count is not a positive integer.
 */
export function splitIntoCostBands<Entry extends { readonly macs: number }>(
  entries: readonly Entry[],
  count: number,
): Entry[][] {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`splitIntoCostBands: count must be a positive integer, got ${String(count)}`)
  }
  const sorted = entries.toSorted((a, b) => a.macs - b.macs)
  const share = Math.floor(sorted.length / count)
  const remainder = sorted.length % count
  return Array.from({ length: count }, (_, band) => {
    const start = band * share + Math.min(band, remainder)
    return sorted.slice(start, start + share + (band < remainder ? 1 : 0))
  })
}

/** Arithmetic mean; NaN for no values, as there is none. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
