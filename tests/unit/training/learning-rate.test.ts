import { describe, expect, it } from 'vitest'
import type { OptimizerConfig } from '../../../src-main/contract/index.ts'
import { learningRateAt } from '../../../src-main/training/learning-rate.ts'

const RATE = 0.01
const TOTAL = 100

function rates(schedule: OptimizerConfig['schedule'], dropAt: number[] = []): number[] {
  const config: OptimizerConfig = {
    kind: 'sgd',
    learningRate: RATE,
    momentum: 0.9,
    weightDecay: 0,
    schedule,
    dropAt,
  }
  return Array.from({ length: TOTAL }, (_, iteration) => learningRateAt(config, iteration, TOTAL))
}

describe('learningRateAt', () => {
  it('stays where it is under the constant schedule', () => {
    expect(new Set(rates('constant', [0.5]))).toEqual(new Set([RATE]))
  })

  it('falls to a tenth at each drop of the step schedule, 170 and 200 of 210 epochs', () => {
    const all = rates('step', [170 / 210, 200 / 210])
    expect(all.slice(0, 81)).toEqual(Array(81).fill(RATE))
    expect(all.slice(81, 96).every((rate) => Math.abs(rate / (RATE * 0.1) - 1) < 1e-12)).toBe(true)
    expect(all.slice(96).every((rate) => Math.abs(rate / (RATE * 0.01) - 1) < 1e-12)).toBe(true)
  })

  it('takes the order of the drops as it comes', () => {
    expect(rates('step', [0.9, 0.5])).toEqual(rates('step', [0.5, 0.9]))
  })

  it('sets the polynomial rate after a step from the index of that step, so two steps run at the full rate', () => {
    const all = rates('poly')
    expect(all.slice(0, 2)).toEqual([RATE, RATE])
    for (let iteration = 2; iteration < TOTAL; iteration++) {
      // Closed form of method.md 5.4; the two differ by rounding of one power.
      const expected = RATE * Math.exp(0.9 * Math.log1p(-(iteration - 1) / TOTAL))
      expect(all[iteration]).toBeCloseTo(expected, 15)
    }
  })

  it('halves the cosine rate at half time, and ends near zero', () => {
    const all = rates('cosine')
    expect(all.slice(0, 2)).toEqual([RATE, RATE])
    expect(all[51]).toBeCloseTo(RATE / 2, 15)
    expect(all[26]).toBeCloseTo(RATE * (0.5 + Math.SQRT2 / 4), 15)
    expect(all.at(-1)).toBeLessThan(RATE * 1e-3)
  })

  it.each(['constant', 'step', 'poly', 'cosine'] as const)(
    'never rises and stays above zero: %s',
    (schedule) => {
      const all = rates(schedule, [0.3, 0.6])
      all.forEach((rate, i) => {
        expect(rate).toBeGreaterThan(0)
        expect(rate).toBeLessThanOrEqual(all[i - 1] ?? RATE)
      })
    },
  )
})
