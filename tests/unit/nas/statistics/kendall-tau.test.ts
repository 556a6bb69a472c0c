import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { kendallStandardError, kendallTau } from '../../../../src-main/nas/statistics/kendall-tau.ts'

const pair = (first: readonly number[], second: readonly number[]) =>
  first.map((value, index) => ({ first: value, second: second[index] ?? Number.NaN }))

function permutations(values: readonly number[]): number[][] {
  return values.length === 0
    ? [[]]
    : values.flatMap((value) =>
        permutations(values.filter((other) => other !== value)).map((rest) => [value, ...rest]),
      )
}

/** Exchanges of neighbours that sort the order: Kendall's own definition of the distance. */
function countExchanges(order: readonly number[]): number {
  const sorted = [...order]
  let exchanges = 0
  for (let end = sorted.length - 1; end > 0; end -= 1) {
    for (let index = 0; index < end; index += 1) {
      const [a = 0, b = 0] = sorted.slice(index)
      if (a > b) {
        sorted.splice(index, 2, b, a)
        exchanges += 1
      }
    }
  }
  return exchanges
}

describe('kendallTau', () => {
  it('is 1 - 4 exchanges / (n (n - 1)) for every order of five', () => {
    for (const order of permutations([1, 2, 3, 4, 5])) {
      // A ratio of small integers: equal up to the last bits.
      expect(kendallTau(pair([1, 2, 3, 4, 5], order))).toBeCloseTo(1 - (4 * countExchanges(order)) / 20, 12)
    }
  })

  it('takes ties out of its denominator, as tau-b does', () => {
    // By hand: 6 pairs, 4 in order, one tied on each side: 4 / sqrt(5 * 5).
    expect(kendallTau(pair([1, 2, 2, 3], [1, 2, 3, 3]))).toBeCloseTo(0.8, 12)
  })

  it('compares only the pairs that it is asked to', () => {
    const entries = pair([1, 2, 3, 4], [2, 1, 4, 3]).map((entry, index) => ({ ...entry, band: index >> 1 }))
    expect(kendallTau(entries)).toBeCloseTo((4 - 2) / 6, 12)
    expect(kendallTau(entries, (a, b) => a.band === b.band)).toBe(-1)
  })

  it('is null where one side has no ranking', () => {
    expect(kendallTau(pair([1, 1, 1], [1, 2, 3]))).toBeNull()
    expect(kendallTau(pair([1], [1]))).toBeNull()
  })

  it('does not change under a rising map, and changes its sign when one side is turned over', () => {
    const scores = fc.array(fc.record({ first: fc.integer({ min: -9, max: 9 }), second: fc.integer() }), {
      minLength: 2,
      maxLength: 12,
    })
    fc.assert(
      fc.property(scores, (entries) => {
        const tau = kendallTau(entries)
        expect(kendallTau(entries.map(({ first, second }) => ({ first: first ** 3, second })))).toBe(tau)
        const turned = kendallTau(entries.map(({ first, second }) => ({ first: -first, second })))
        expect(turned === null ? null : 0 - turned).toBe(tau === null ? null : tau + 0)
      }),
    )
  })

  it('refuses what is not finite', () => {
    expect(() => kendallTau(pair([1, Number.NaN], [1, 2]))).toThrow(/finite, got NaN and 2/)
  })
})

describe('kendallStandardError', () => {
  it('is the standard deviation of tau over all orders', () => {
    const all = permutations([1, 2, 3, 4, 5]).map((order) => kendallTau(pair([1, 2, 3, 4, 5], order)) ?? 0)
    const variance = all.reduce((sum, tau) => sum + tau * tau, 0) / all.length
    expect(kendallStandardError(5)).toBeCloseTo(Math.sqrt(variance), 12)
  })

  it('gives the numbers of method.md 11.3', () => {
    expect(kendallStandardError(10).toFixed(2)).toBe('0.25')
    expect(kendallStandardError(20).toFixed(2)).toBe('0.16')
    expect(() => kendallStandardError(1)).toThrow(RangeError)
  })
})
