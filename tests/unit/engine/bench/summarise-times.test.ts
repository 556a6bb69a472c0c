import { describe, expect, it } from 'vitest'
import {
  quantile,
  summariseRatio,
  summariseTimes,
} from '../../../../src-main/engine/bench/summarise-times.ts'

describe('summariseTimes', () => {
  it('takes quartiles over the repetitions of all rounds, linear between neighbours', () => {
    expect(summariseTimes([[4, 1], [3], [2, 5]])).toEqual({
      ...{ repetitions: 5, medianMs: 3, lowMs: 2, highMs: 4 },
      spread: 1 / 3,
    })
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75)
  })

  it('does not move with one spoiled round', () => {
    expect(summariseTimes([[10, 10], [10, 10], [400]]).medianMs).toBe(10)
  })

  it('refuses to summarise nothing', () => {
    expect(() => summariseTimes([[], []])).toThrow('at least one value')
  })
})

describe('summariseRatio', () => {
  it('divides round by round, so that a slow machine cancels out', () => {
    expect(summariseRatio([[8], [80], [800]], [[10], [100], [1000]])).toEqual({
      ...{ rounds: 3, median: 0.8, low: 0.8, high: 0.8 },
    })
  })

  it('refuses contenders that did not run in the same rounds', () => {
    expect(() => summariseRatio([[1]], [[1], [2]])).toThrow('got 1 and 2')
    expect(() => summariseRatio([[1]], [[]])).toThrow('at least one value')
  })
})
