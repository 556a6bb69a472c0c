import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  crowdingDistance,
  dominates,
  sortNonDominated,
} from '../../../../src-main/nas/pareto/sort-non-dominated.ts'

const arbitraryPoints = fc
  .integer({ min: 1, max: 3 })
  .chain((axes) => fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: axes, maxLength: axes })))

describe('dominates', () => {
  it('needs no axis worse and one better', () => {
    expect(dominates([1, 2], [1, 3])).toBe(true)
    expect(dominates([1, 2], [1, 2])).toBe(false)
    expect(dominates([0, 4], [1, 3])).toBe(false)
    expect(dominates([0, 0, 0], [0, 0, 1])).toBe(true)
  })

  it('is a strict partial order', () => {
    const point = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(point, point, point, (a, b, c) => {
        expect(dominates(a, a)).toBe(false)
        expect(dominates(a, b) && dominates(b, a)).toBe(false)
        if (dominates(a, b) && dominates(b, c)) {
          expect(dominates(a, c)).toBe(true)
        }
      }),
    )
  })

  it('refuses points of different length', () => {
    expect(() => dominates([1, 2], [1])).toThrow(RangeError)
  })
})

describe('sortNonDominated', () => {
  it('gives each point the length of the longest chain of points that dominate it', () => {
    fc.assert(
      fc.property(arbitraryPoints, (points) => {
        const rankOf = (index: number): number =>
          points.reduce(
            (rank, other, position) =>
              dominates(other, points[index] ?? []) ? Math.max(rank, rankOf(position) + 1) : rank,
            0,
          )
        const fronts = sortNonDominated(points)
        expect(fronts.flat().toSorted((a, b) => a - b)).toEqual(points.map((_, index) => index))
        for (const [rank, front] of fronts.entries()) {
          expect(front.map(rankOf)).toEqual(front.map(() => rank))
        }
      }),
    )
  })

  it('refuses what cannot be compared', () => {
    expect(() => sortNonDominated([[1, Number.NaN]])).toThrow('coordinates must be finite, got [1, NaN]')
  })
})

describe('crowdingDistance', () => {
  it('sums the distance between neighbours over the axes, in units of their range', () => {
    expect(
      crowdingDistance([
        [0, 10],
        [4, 2],
        [1, 6],
        [10, 0],
      ]),
    ).toEqual([Infinity, 9 / 10 + 6 / 10, 4 / 10 + 8 / 10, Infinity])
  })

  it('gives every end Infinity and an axis without extent nothing', () => {
    expect(crowdingDistance([])).toEqual([])
    expect(crowdingDistance([[1, 2]])).toEqual([Infinity])
    // The second axis is the same everywhere: its order is that of the points, its ends get Infinity, the middle nothing.
    expect(
      crowdingDistance([
        [0, 3],
        [4, 3],
        [3, 3],
        [10, 3],
      ]),
    ).toEqual([Infinity, 7 / 10, 4 / 10, Infinity])
  })
})
