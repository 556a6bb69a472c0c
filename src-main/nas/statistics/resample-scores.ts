import type { Random } from '../random.ts'
import { quantileOfSorted } from './bootstrap-interval.ts'
import type { Interval } from './bootstrap-interval.ts'
import type { WeightedScore } from './weighted-scores.ts'

/** The ends of a 95 % interval then stand on 25 values each. */
export const RESAMPLES = 1000
export const INTERVAL_LEVEL = 0.95

export interface ResampleOptions {
  /** P: pictures that each score is of, at least 1. */
  readonly pictures: number
  readonly random: Random
  /** Default {@link RESAMPLES}. */
  readonly resamples?: number
}

/**
 * Scores of resamples: P pictures drawn with replacement, the same draw for every member, so that the differences of two members are
 * those of a paired bootstrap. Yields after each resample what is there so far, so that the caller can do something else in between.
 *
 * @returns For each member its scores, [B]; entry b of all members is of one draw.
 * @throws RangeError without a picture or a resample.
 *
 * Source: Efron and Tibshirani, An introduction to the bootstrap (1993), chapters 8 and 13.
 */
export function* resampleScores(
  members: readonly WeightedScore[],
  { pictures, random, resamples = RESAMPLES }: ResampleOptions,
): Generator<number, readonly Float64Array[]> {
  if (!Number.isInteger(pictures) || pictures < 1 || !Number.isInteger(resamples) || resamples < 1) {
    throw new RangeError(
      `resampleScores: at least 1 picture and 1 resample are needed, got ${String(pictures)} and ${String(resamples)}`,
    )
  }
  const scores = members.map(() => new Float64Array(resamples))
  const weights = new Uint32Array(pictures)
  for (let resample = 0; resample < resamples; resample++) {
    drawWeights(weights, random)
    members.forEach((score, member) => {
      const own = scores[member]
      if (own !== undefined) {
        own[resample] = score(weights)
      }
    })
    yield resample + 1
  }
  return scores
}

/** How often each picture is drawn. */
function drawWeights(weights: Uint32Array, random: Random): void {
  weights.fill(0)
  for (let draw = 0; draw < weights.length; draw++) {
    const picture = random.int(weights.length)
    weights[picture] = (weights[picture] ?? 0) + 1
  }
}

/** The middle `level` of the values: a percentile interval. */
export function intervalOf(values: ArrayLike<number>, level: number = INTERVAL_LEVEL): Interval {
  const sorted = Array.from(values).toSorted((a, b) => a - b)
  const tail = (1 - level) / 2
  return { low: quantileOfSorted(sorted, tail), high: quantileOfSorted(sorted, 1 - tail) }
}

/** Interval of b - a. @param a, b - Scores of the same draws. */
export function differenceInterval(a: Float64Array, b: Float64Array, level?: number): Interval {
  return intervalOf(
    b.map((value, draw) => value - (a[draw] ?? 0)),
    level,
  )
}
