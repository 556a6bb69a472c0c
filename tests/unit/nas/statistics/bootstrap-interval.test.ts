import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../src-main/nas/random.ts'
import {
  bootstrapInterval,
  quantileOfSorted,
} from '../../../../src-main/nas/statistics/bootstrap-interval.ts'
import { meanOf, splitIntoCostBands } from '../../../../src-main/nas/statistics/cost-bands.ts'

const random = () => createRandom(1, 'bootstrap test')

describe('bootstrapInterval', () => {
  it('finds the quantiles of the exact distribution of a mean of two', () => {
    // 0, 0.5 and 1 with probabilities 1/4, 1/2, 1/4.
    expect(bootstrapInterval([0, 1], meanOf, { random: random() })).toEqual({ low: 0, high: 1 })
    expect(bootstrapInterval([0, 1], meanOf, { random: random(), level: 0.4 })).toEqual({
      low: 0.5,
      high: 0.5,
    })
  })

  it('is as wide as the normal distribution says for a mean of many', () => {
    const source = createRandom(2, 'normal samples')
    const samples = Array.from({ length: 400 }, () => source.normal())
    const mean = meanOf(samples)
    const deviation = Math.sqrt(meanOf(samples.map((value) => (value - mean) ** 2)))
    const interval = bootstrapInterval(samples, meanOf, { random: random() })
    const width = (interval?.high ?? 0) - (interval?.low ?? 0)
    // The end of a 95 % interval out of 2,000 resamples has a relative error of about 3 %; four times of it.
    expect(Math.abs(width / ((2 * 1.96 * deviation) / Math.sqrt(400)) - 1)).toBeLessThan(0.12)
    expect(interval?.low).toBeLessThan(mean)
    expect(interval?.high).toBeGreaterThan(mean)
  })

  it('gives the same interval from the same random state', () => {
    const once = bootstrapInterval([3, 1, 4, 1, 5], meanOf, { random: random() })
    expect(bootstrapInterval([3, 1, 4, 1, 5], meanOf, { random: random() })).toEqual(once)
  })

  it('leaves out undefined resamples, and is null when most are', () => {
    const isMixed = (resample: readonly number[]) => new Set(resample).size > 1
    // 1 - (3/4)^4 - (1/4)^4 = 68 % of the resamples of four hold both values.
    expect(bootstrapInterval([1, 1, 1, 2], (all) => (isMixed(all) ? 7 : null), { random: random() })).toEqual(
      {
        low: 7,
        high: 7,
      },
    )
    expect(
      bootstrapInterval([1, 1, 1, 1], (all) => (isMixed(all) ? 7 : null), { random: random() }),
    ).toBeNull()
    expect(bootstrapInterval([1], meanOf, { random: random() })).toBeNull()
  })

  it('refuses levels and numbers out of range', () => {
    expect(() => bootstrapInterval([1, 2], meanOf, { random: random(), level: 1 })).toThrow(
      /level in \(0, 1\)/,
    )
    expect(() => bootstrapInterval([1, 2], meanOf, { random: random(), resamples: 0 })).toThrow(/got 0/)
  })
})

describe('quantileOfSorted', () => {
  it('interpolates between the order statistics', () => {
    expect(quantileOfSorted([10, 20, 40], 0)).toBe(10)
    expect(quantileOfSorted([10, 20, 40], 0.75)).toBe(30)
    expect(quantileOfSorted([10, 20, 40], 1)).toBe(40)
    expect(() => quantileOfSorted([], 0.5)).toThrow(RangeError)
    expect(() => quantileOfSorted([1], 1.5)).toThrow(/got 1.5/)
  })
})

describe('splitIntoCostBands', () => {
  it('cuts from cheap to expensive, the remainder to the first bands', () => {
    const entries = [5, 3, 8, 1, 9, 2, 7, 4].map((macs) => ({ macs }))
    const bands = splitIntoCostBands(entries, 3).map((band) => band.map(({ macs }) => macs))
    expect(bands).toEqual([
      [1, 2, 3],
      [4, 5, 7],
      [8, 9],
    ])
    expect(splitIntoCostBands(entries.slice(0, 1), 2)).toEqual([[{ macs: 5 }], []])
    expect(() => splitIntoCostBands(entries, 0)).toThrow(/got 0/)
  })
})
