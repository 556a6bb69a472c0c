import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endLabels, nearestIndex } from '../../../../src-renderer/lib/curve-readings.ts'
import { nearestPoints } from '../../../../src-renderer/lib/nearest-points.ts'
import { smoothValues } from '../../../../src-renderer/lib/smooth-values.ts'
import { spreadEvenly } from '../../../../src-renderer/lib/spread-evenly.ts'

describe('nearestPoints', () => {
  const points = [
    { x: 0, y: 0 },
    { x: 10, y: 0 },
    { x: 3, y: 4 },
    { x: 100, y: 100 },
  ]

  it('gives the closest first, as many as asked, none beyond reach', () => {
    expect(nearestPoints(points, { x: 0, y: 0 }, 2, 50)).toEqual([
      { point: points[0], distance: 0 },
      { point: points[2], distance: 5 },
    ])
    expect(nearestPoints(points, { x: 0, y: 0 }, 9, 50)).toHaveLength(3)
  })
})

describe('smoothValues', () => {
  it('meets the closed form of a weighted mean', () => {
    const values = [4, 1, 7, 2]
    const factor = 0.8
    // The mean of the first k + 1 values, weighted by powers of the factor from the newest back.
    const expected = values.map((_, k) => {
      const seen = values.slice(0, k + 1)
      const weights = seen.map((_, index) => factor ** (k - index))
      const sum = weights.reduce((total, weight) => total + weight, 0)
      return seen.reduce((total, value, index) => total + value * (weights[index] ?? 0), 0) / sum
    })
    smoothValues(values, factor).forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] ?? NaN, 12)
    })
  })

  it('leaves values alone at 0, and a constant at any factor', () => {
    expect(smoothValues([3, 1, 2], 0)).toEqual([3, 1, 2])
    smoothValues([5, 5, 5], 0.9).forEach((value) => {
      expect(value).toBeCloseTo(5, 12)
    })
  })

  it('refuses a factor that never forgets', () => {
    expect(() => smoothValues([1], 1)).toThrow(RangeError)
  })
})

describe('spreadEvenly', () => {
  it('keeps first and last, the order, and at most as many', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer(), { minLength: 1 }),
        fc.integer({ min: 2, max: 12 }),
        (items, count) => {
          const spread = spreadEvenly(items, count)
          expect(spread.length).toBe(Math.min(items.length, count))
          expect([spread[0], spread.at(-1)]).toEqual([items[0], items.at(-1)])
          expect(spread).toEqual(items.filter((item) => spread.includes(item)))
        },
      ),
    )
  })

  it('refuses to keep none', () => {
    expect(() => spreadEvenly([1], 0)).toThrow(RangeError)
  })
})

describe('curve readings', () => {
  it('finds the closest place on a curve', () => {
    expect([-5, 4, 6, 99].map((x) => nearestIndex([0, 10, 20], x))).toEqual([0, 0, 1, 2])
    expect(nearestIndex([], 3)).toBe(0)
  })

  it('pushes labels apart and keeps their order', () => {
    expect(endLabels([{ y: 10 }, { y: 12 }, { y: 60 }], 14)).toEqual([{ y: 10 }, { y: 24 }, { y: 60 }])
  })
})
