/**
 * Exponential moving average that starts unbiased: the weights of the values seen so far add up to one, so
 * the line does not hang on its first value.
 *
 * @param factor - Weight of the past in [0, 1); 0 returns the values themselves.
 * @returns As many values as were given.
 * @throws RangeError if the factor is outside [0, 1).
 *
 * Source: the bias correction of Kingma & Ba, Adam (2015), section 3.
 */
export function smoothValues(values: readonly number[], factor: number): readonly number[] {
  if (!(factor >= 0 && factor < 1)) {
    throw new RangeError(`smoothValues: the factor must be in [0, 1), got ${String(factor)}`)
  }
  let mean = 0
  let weight = 0
  return values.map((value) => {
    mean = factor * mean + (1 - factor) * value
    weight = factor * weight + (1 - factor)
    return mean / weight
  })
}
