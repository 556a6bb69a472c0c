import { describe, expect, it } from 'vitest'
import {
  distillationWeightAt,
  isDistilled,
  needsTeacher,
  mostDistillationWeight,
} from '../../../src-main/nas/distillation-weight.ts'

const weights = (first: number, last: number | undefined, total: number): number[] =>
  Array.from({ length: total }, (_, iteration) =>
    distillationWeightAt({ distillationWeight: first, distillationWeightEnd: last }, iteration, total),
  )

describe('distillationWeightAt', () => {
  it('goes in equal steps from the first iteration to the last', () => {
    expect(weights(1, 0, 5)).toEqual([1, 0.75, 0.5, 0.25, 0])
    expect(weights(0, 2, 3)).toEqual([0, 1, 2])
  })

  it('meets both ends exactly, whatever the number of iterations', () => {
    for (const total of [2, 7, 2790, 11_160]) {
      const all = weights(0.3, 0.1, total)
      expect([all[0], all.at(-1)]).toEqual([0.3, 0.1])
      const steps = all.slice(1).map((weight, i) => weight - (all[i] ?? Number.NaN))
      expect(Math.max(...steps.map((step) => Math.abs(step + 0.2 / (total - 1))))).toBeLessThan(1e-12)
    }
  })

  it('is constant without an end, and the first in a training of one iteration', () => {
    expect(weights(0.5, undefined, 4)).toEqual([0.5, 0.5, 0.5, 0.5])
    expect(weights(0.5, 0, 1)).toEqual([0.5])
  })
})

describe('isDistilled', () => {
  it('tells whether any iteration needs the teacher', () => {
    expect(isDistilled({ distillationWeight: 0 })).toBe(false)
    expect(isDistilled({ distillationWeight: 0, distillationWeightEnd: 0 })).toBe(false)
    expect(isDistilled({ distillationWeight: 1, distillationWeightEnd: 0 })).toBe(true)
    expect(isDistilled({ distillationWeight: 0, distillationWeightEnd: 1 })).toBe(true)
    expect(mostDistillationWeight({ distillationWeight: 0.5, distillationWeightEnd: 0.25 })).toBe(0.5)
  })
})

describe('needsTeacher', () => {
  it('is false only for a fresh start without distillation', () => {
    expect(needsTeacher({ distillationWeight: 0 })).toBe(true)
    expect(needsTeacher({ start: 'teacher', distillationWeight: 0 })).toBe(true)
    expect(needsTeacher({ start: 'fresh', distillationWeight: 0 })).toBe(false)
    expect(needsTeacher({ start: 'fresh', distillationWeight: 0, distillationWeightEnd: 1 })).toBe(true)
  })
})
