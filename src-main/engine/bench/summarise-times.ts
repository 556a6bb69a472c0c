/** Middle half of repeated times around their median. */
export interface TimeSummary {
  readonly repetitions: number
  readonly medianMs: number
  /** Quartiles. */
  readonly lowMs: number
  readonly highMs: number
  /** Half the distance of the quartiles over the median, from 0. */
  readonly spread: number
}

/** A quantity measured on two contenders in the same rounds. */
export interface RatioSummary {
  readonly rounds: number
  readonly median: number
  readonly low: number
  readonly high: number
}

/**
 * @param rounds - Milliseconds of the repetitions of each round; a neighbour that takes the processor for a while spoils some rounds
 *   and leaves the median alone.
 * @throws RangeError without repetitions.
 */
export function summariseTimes(rounds: readonly (readonly number[])[]): TimeSummary {
  const times = rounds.flat()
  const medianMs = quantile(times, 0.5)
  const lowMs = quantile(times, 0.25)
  const highMs = quantile(times, 0.75)
  return { repetitions: times.length, medianMs, lowMs, highMs, spread: (highMs - lowMs) / 2 / medianMs }
}

/**
 * How much longer the first takes than the second: the medians of each round are divided, so that what slows both down cancels.
 *
 * @throws RangeError unless both have the same number of rounds, with repetitions in each.
 */
export function summariseRatio(
  rounds: readonly (readonly number[])[],
  against: readonly (readonly number[])[],
): RatioSummary {
  if (rounds.length !== against.length) {
    throw new RangeError(
      `ratio: both need the same rounds, got ${String(rounds.length)} and ${String(against.length)}`,
    )
  }
  const ratios = rounds.map((times, round) => quantile(times, 0.5) / quantile(against[round] ?? [], 0.5))
  return {
    rounds: ratios.length,
    median: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
  }
}

/**
 * Linear between the two nearest values, as NumPy's default.
 *
 * @param share - In [0, 1]. @throws RangeError for no values.
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) {
    throw new RangeError('quantile: at least one value is needed, got none')
  }
  const sorted = values.toSorted((a, b) => a - b)
  const position = share * (sorted.length - 1)
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}
