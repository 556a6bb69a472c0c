import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mineHardPixels } from '../../../src-main/tasks/hard-example-mining.ts'
import type { MiningOptions } from '../../../src-main/tasks/hard-example-mining.ts'

const IGNORE = 255
const options = (fields: Partial<MiningOptions> = {}): MiningOptions => ({
  keep: 2,
  threshold: 0,
  ignoreLabel: IGNORE,
  classWeights: null,
  ...fields,
})

/** Cross-entropies of given probabilities of the true class. */
function lossesOf(...probabilities: number[]): Float32Array {
  return Float32Array.from(probabilities, (p) => -Math.log(p))
}

function lossOf(losses: Float32Array, factors: Float32Array): number {
  return losses.reduce((sum, loss, i) => sum + loss * (factors[i] ?? Number.NaN), 0)
}

describe('mineHardPixels', () => {
  it('keeps the pixels below the probability at sorted index `keep`, in equal parts', () => {
    const losses = lossesOf(0.9, 0.1, 0.8, 0.2, 0.7)
    const { factors, kept } = mineHardPixels(losses, new Int32Array(5), options())
    expect([...factors]).toEqual([0, 0.5, 0, 0.5, 0])
    expect(kept).toBe(2)
    expect(lossOf(losses, factors)).toBeCloseTo(-(Math.log(0.1) + Math.log(0.2)) / 2, 6)
  })

  it('keeps every pixel below the threshold, even if more than asked for', () => {
    const losses = lossesOf(0.9, 0.1, 0.8, 0.2, 0.95)
    const { factors, kept } = mineHardPixels(losses, new Int32Array(5), options({ threshold: 0.92 }))
    expect(kept).toBe(4)
    expect([...factors]).toEqual([0.25, 0.25, 0.25, 0.25, 0])
  })

  it('takes the largest probability as the cut where there are fewer pixels than asked for', () => {
    const losses = lossesOf(0.3, 0.5, 0.4)
    // The comparison is strict, so the easiest pixel itself falls out (as in the published code).
    expect(mineHardPixels(losses, new Int32Array(3), options({ keep: 100 })).kept).toBe(2)
  })

  it('never counts ignored pixels, neither for the cut nor for the mean', () => {
    const losses = lossesOf(0.01, 0.1, 0.02, 0.2, 0.7)
    const labels = Int32Array.of(IGNORE, 0, IGNORE, 0, 0)
    const { factors, kept } = mineHardPixels(losses, labels, options())
    expect([...factors]).toEqual([0, 0.5, 0, 0.5, 0])
    expect(kept).toBe(2)
  })

  it('multiplies by class weights but divides by the count, as the published code does', () => {
    const classWeights = [1, 3]
    const labels = Int32Array.of(0, 1, 1)
    const mined = mineHardPixels(lossesOf(0.1, 0.2, 0.9), labels, options({ classWeights }))
    expect([...mined.factors]).toEqual([0.5, 1.5, 0])
  })

  it('without mining divides by the sum of class weights', () => {
    const classWeights = [1, 3]
    const labels = Int32Array.of(0, 1, IGNORE, 0)
    const { factors, kept } = mineHardPixels(
      lossesOf(0.1, 0.2, 0.3, 0.9),
      labels,
      options({ keep: 0, classWeights }),
    )
    expect([...factors]).toEqual([0.2, 0.6, 0, 0.2].map(Math.fround))
    expect(kept).toBe(3)
  })

  it.each([
    ['nothing is labelled', lossesOf(0.1, 0.2), Int32Array.of(IGNORE, IGNORE), options()],
    [
      'nothing is labelled, without mining',
      lossesOf(0.1, 0.2),
      Int32Array.of(IGNORE, IGNORE),
      options({ keep: 0 }),
    ],
    ['all pixels are equally easy', lossesOf(0.5, 0.5), Int32Array.of(0, 0), options()],
    ['there are no pixels', new Float32Array(0), new Int32Array(0), options()],
    ['every weight is 0', lossesOf(0.1), Int32Array.of(0), options({ keep: 0, classWeights: [0] })],
  ])('is 0, not NaN, where %s', (_, losses, labels, given) => {
    const { factors, kept } = mineHardPixels(losses, labels, given)
    expect(kept).toBe(0)
    expect([...factors]).toEqual(Array(losses.length).fill(0))
  })

  it('agrees with the definition, written out in full', () => {
    const pixel = fc.record({
      loss: fc.double({ min: 0, max: 12, noNaN: true }),
      label: fc.constantFrom(0, 1, 2, IGNORE),
    })
    const given = fc.record({
      pixels: fc.array(pixel, { maxLength: 40 }),
      keep: fc.integer({ min: 1, max: 50 }),
      threshold: fc.constantFrom(0, 0.05, 0.5, 0.9, 1),
    })
    fc.assert(
      fc.property(given, ({ pixels, keep, threshold }) => {
        const losses = Float32Array.from(pixels, ({ loss }) => loss)
        const labels = Int32Array.from(pixels, ({ label }) => label)
        const classWeights = [1, 0.5, 2]
        const mined = mineHardPixels(losses, labels, options({ keep, threshold, classWeights }))
        const probability = (i: number): number => Math.fround(Math.exp(-(losses[i] ?? Number.NaN)))
        const labelled = [...labels.keys()].filter((i) => labels[i] !== IGNORE)
        const sorted = labelled.map(probability).toSorted((a, b) => a - b)
        const cut = Math.max(sorted[Math.min(keep, sorted.length - 1)] ?? 0, threshold)
        const hard = new Set(labelled.filter((i) => probability(i) < cut))
        const expected = pixels.map(({ label }, i) =>
          hard.has(i) ? Math.fround((classWeights[label] ?? Number.NaN) / hard.size) : 0,
        )
        expect(mined.kept).toBe(hard.size)
        expect([...mined.factors]).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('never keeps a pixel whose loss is no number, and does not count it as hard', () => {
    const losses = Float32Array.of(Number.NaN, ...lossesOf(0.1, 0.2, 0.7))
    const { factors, kept } = mineHardPixels(losses, new Int32Array(4), options())
    expect([...factors]).toEqual([0, 0.5, 0.5, 0])
    expect(kept).toBe(2)
  })

  it('does not depend on the order of the pixels', () => {
    const losses = lossesOf(0.9, 0.1, 0.8, 0.2, 0.7)
    const labels = Int32Array.of(0, 1, 1, 0, 1)
    const given = options({ keep: 3, classWeights: [1, 4] })
    const forward = mineHardPixels(losses, labels, given)
    const backward = mineHardPixels(losses.toReversed(), labels.toReversed(), given)
    expect(backward.factors.toReversed()).toEqual(forward.factors)
  })
})
