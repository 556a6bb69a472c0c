/** A seeded generator of random numbers. `vision` and `datasets` draw from nothing else, so a seed decides every result. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  next(): number
  /** Standard normal: mean 0, deviation 1. */
  normal(): number
  /** Uniform integer in [0, n). */
  int(n: number): number
}
