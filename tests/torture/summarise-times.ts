export interface Times {
  readonly answers: number
  /** Half of the answers came within so many milliseconds; NaN without an answer. */
  readonly p50Ms: number
  readonly p99Ms: number
}

export function summariseTimes(times: readonly number[]): Times {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
  return { answers: times.length, p50Ms: at(0.5), p99Ms: at(0.99) }
}
