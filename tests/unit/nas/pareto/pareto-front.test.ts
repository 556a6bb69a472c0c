import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { paretoFront } from '../../../../src-main/nas/pareto/pareto-front.ts'

const arbitraryPoints = fc.array(
  fc.record({
    macs: fc.integer({ min: 0, max: 8 }),
    accuracy: fc.constantFrom(0, 0.25, 0.5, 0.75, null, Number.NaN),
  }),
)

describe('paretoFront', () => {
  it('is exactly the set of points that no other dominates', () => {
    fc.assert(
      fc.property(arbitraryPoints, (points) => {
        const scored = points.filter(({ accuracy }) => accuracy !== null && Number.isFinite(accuracy))
        const expected = scored.filter(
          (point) =>
            !scored.some((other) => {
              const [own, theirs] = [point.accuracy ?? 0, other.accuracy ?? 0]
              const isNoWorse = other.macs <= point.macs && theirs >= own
              return isNoWorse && (other.macs < point.macs || theirs > own)
            }),
        )
        const front = paretoFront(points)
        expect(new Set(front)).toEqual(new Set(expected))
        expect(front.length).toBe(expected.length)
      }),
    )
  })

  it('rises in both axes and keeps the objects it was given', () => {
    const points = [
      { id: 'c', macs: 3, accuracy: 0.9 },
      { id: 'a', macs: 1, accuracy: 0.5 },
      { id: 'b', macs: 2, accuracy: 0.4 },
      { id: 'd', macs: 1, accuracy: 0.5 },
    ]
    const before = structuredClone(points)
    expect(paretoFront(points).map(({ id }) => id)).toEqual(['a', 'd', 'c'])
    expect(paretoFront(points)[0]).toBe(points[1])
    expect(points).toEqual(before)
  })
})
