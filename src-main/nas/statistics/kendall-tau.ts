/** Two measurements of the same thing, for example an architecture's inherited and stand-alone accuracy. */
export interface PairedScore {
  readonly first: number
  readonly second: number
}

/**
 * Kendall's rank correlation with ties, tau-b: (C - D) / sqrt((P - T1)(P - T2)) over the P compared pairs of entries, of which C are in the
 * same order on both sides, D in opposite order, T1 tied on the first and T2 on the second side.
 *
 * @param entries - N entries, all finite.
 * @param isCompared - Which pairs count, for example only those of similar cost; default all N (N - 1) / 2.
 * @returns In [-1, 1]; null where one side ties in every compared pair, so that there is no ranking.
 * @throws RangeError if a measurement is not finite.
 *
 * Cost: O(N^2). Source: Kendall, The treatment of ties in ranking problems, Biometrika 33 (1945).
 */
export function kendallTau<Entry extends PairedScore>(
  entries: readonly Entry[],
  isCompared: (a: Entry, b: Entry) => boolean = () => true,
): number | null {
  const wrong = entries.find(({ first, second }) => !Number.isFinite(first) || !Number.isFinite(second))
  if (wrong !== undefined) {
    throw new RangeError(
      `kendallTau: scores must be finite, got ${String(wrong.first)} and ${String(wrong.second)}`,
    )
  }
  let balance = 0
  let untiedFirst = 0
  let untiedSecond = 0
  for (const [index, a] of entries.entries()) {
    for (const b of entries.slice(index + 1)) {
      if (isCompared(a, b)) {
        const first = Math.sign(a.first - b.first)
        const second = Math.sign(a.second - b.second)
        balance += first * second
        untiedFirst += first === 0 ? 0 : 1
        untiedSecond += second === 0 ? 0 : 1
      }
    }
  }
  return untiedFirst === 0 || untiedSecond === 0 ? null : balance / Math.sqrt(untiedFirst * untiedSecond)
}

/**
 * Standard error of tau when the two sides are unrelated and nothing ties: sqrt(2 (2N + 5) / (9 N (N - 1))). A tau within twice of this
 * may be chance.
 *
 * @throws RangeError if there are fewer than 2 entries.
 */
export function kendallStandardError(count: number): number {
  if (!Number.isInteger(count) || count < 2) {
    throw new RangeError(`kendallStandardError: at least 2 entries are needed, got ${String(count)}`)
  }
  return Math.sqrt((2 * (2 * count + 5)) / (9 * count * (count - 1)))
}
