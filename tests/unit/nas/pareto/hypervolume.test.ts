import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  frontHypervolume,
  hypervolume2d,
  hypervolumeReference,
  type MinimizedPoint,
} from '../../../../src-main/nas/pareto/hypervolume.ts'

describe('hypervolume2d', () => {
  it('counts overlapping rectangles once', () => {
    expect(
      hypervolume2d(
        [
          [1, 3],
          [2, 2],
          [3, 1],
        ],
        [4, 4],
      ),
    ).toBe(6)
  })

  it('ignores dominated, duplicate and out-of-reference points', () => {
    expect(
      hypervolume2d(
        [
          [1, 1],
          [1, 1],
          [2, 2],
          [5, 0],
          [1, 4],
        ],
        [4, 4],
      ),
    ).toBe(9)
  })

  it('is the number of unit cells that a point dominates', () => {
    const cell = fc.integer({ min: 0, max: 12 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell)),
        fc.tuple(cell, cell),
        (points: MinimizedPoint[], reference) => {
          let cells = 0
          for (let x = 0; x < reference[0]; x += 1) {
            for (let y = 0; y < reference[1]; y += 1) {
              cells += points.some(([first, second]) => first <= x && second <= y) ? 1 : 0
            }
          }
          expect(hypervolume2d(points, reference)).toBe(cells)
        },
      ),
    )
  })

  it('refuses coordinates that are not finite', () => {
    expect(() => hypervolume2d([[1, Number.NaN]], [4, 4])).toThrow('coordinates must be finite, got [1, NaN]')
    expect(() => hypervolume2d([], [4, Infinity])).toThrow(RangeError)
  })
})

describe('frontHypervolume', () => {
  it('equals the sum of method.md 7.5', () => {
    const points = [
      { macs: 50, accuracy: 0.5 },
      { macs: 20, accuracy: 0.3 },
      { macs: 30, accuracy: 0.2 },
      { macs: 90, accuracy: 0.6 },
      { macs: 10, accuracy: null },
      { macs: 10, accuracy: Number.NaN },
    ]
    // (100 - 20) 0.3 + (100 - 50) 0.2 + (100 - 90) 0.1, over 100
    expect(frontHypervolume(points, 100)).toBeCloseTo(0.35, 12)
    expect(frontHypervolume([], 100)).toBe(0)
  })

  it('is the general hypervolume of (macs, -accuracy), divided by R', () => {
    const point = fc.record({
      macs: fc.integer({ min: 0, max: 1000 }),
      accuracy: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(point), fc.integer({ min: 1, max: 900 }), (points, reference) => {
        const area = hypervolume2d(
          points.map(({ macs, accuracy }) => [macs, -accuracy] as const),
          [reference, 0],
        )
        // Both are sums of the same rectangles in another order of operations.
        expect(frontHypervolume(points, reference)).toBeCloseTo(area / reference, 12)
      }),
    )
  })

  it('takes 1.01 times the largest network as its corner', () => {
    expect(hypervolumeReference(200)).toBe(202)
    expect(() => frontHypervolume([], 0)).toThrow('reference must be positive MACs, got 0')
    expect(() => frontHypervolume([], Number.NaN)).toThrow(RangeError)
  })
})
