import { describe, expect, it } from 'vitest'
import { iterationsPerEpoch, planBatch } from '../../../src-main/datasets/batch-order.ts'

describe('planBatch', () => {
  it('shows every sample at most once an epoch and whole batches only', () => {
    const perEpoch = iterationsPerEpoch(10, 3)
    expect(perEpoch).toBe(3)
    const seen = [0, 1, 2].flatMap((iteration) => planBatch(5, 10, 3, iteration).map((slot) => slot.sample))
    expect(new Set(seen).size).toBe(9)
  })

  it('shuffles each epoch anew, and depends on seed and iteration only', () => {
    const epochOf = (seed: number, epoch: number) =>
      [0, 1].flatMap((batch) => planBatch(seed, 8, 4, epoch * 2 + batch).map((slot) => slot.sample))
    expect(epochOf(1, 0)).toEqual(epochOf(1, 0))
    expect(epochOf(1, 0)).not.toEqual(epochOf(1, 1))
    expect(epochOf(1, 0)).not.toEqual(epochOf(2, 0))
    expect(planBatch(1, 8, 4, 5)[0]?.epoch).toBe(2)
  })

  it('repeats samples, told apart by their repeat, when the batch is larger than the split', () => {
    const slots = planBatch(1, 2, 5, 0)
    expect(slots.map((slot) => slot.repeat)).toEqual([0, 0, 1, 1, 2])
    expect(new Set(slots.map((slot) => slot.sample))).toEqual(new Set([0, 1]))
  })

  it('refuses an empty split', () => {
    expect(() => planBatch(1, 0, 4, 0)).toThrow('samples >= 1')
  })
})
