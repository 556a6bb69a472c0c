import { describe, expect, it } from 'vitest'
import { createRandom } from '../../../../src-main/nas/random.ts'
import { orderFront } from '../../../../src-main/nas/statistics/order-front.ts'

/** Scores whose differences have a deviation of sqrt(2) of `spread`. */
function member(seed: number, mean: number, reportAccuracy: number | null = mean) {
  const random = createRandom(seed)
  return { scores: Float64Array.from({ length: 500 }, () => mean + 0.01 * random.normal()), reportAccuracy }
}

describe('orderFront', () => {
  it('tells neighbours apart where the interval of their difference excludes 0', () => {
    const { neighbours } = orderFront([member(1, 0.5), member(2, 0.51), member(3, 0.6)])
    expect(neighbours.map(({ position, isApart }) => [position, isApart])).toEqual([
      [0, false],
      [1, true],
    ])
    // 1.96 deviations of 0.0141 to either side.
    expect(neighbours[1]?.difference.low).toBeCloseTo(0.09 - 0.0277, 2)
    expect(neighbours[1]?.difference.high).toBeCloseTo(0.09 + 0.0277, 2)
  })

  it('finds the longest certain chain past members that are close to both sides', () => {
    // Each is too close to the next, but every second one is not.
    const front = [0.5, 0.52, 0.54, 0.56, 0.58].map((mean, index) => member(index, mean))
    const { neighbours, levels } = orderFront(front)
    expect(neighbours.some(({ isApart }) => isApart)).toBe(false)
    expect(levels).toEqual([0, 2, 4])
  })

  it('says whether the report split has the certain levels in the same order', () => {
    const front = (reports: readonly (number | null)[]) =>
      reports.map((report, index) => member(index, 0.5 + 0.1 * index, report))
    expect(orderFront(front([0.4, 0.5, 0.6])).reportAgrees).toBe(true)
    expect(orderFront(front([0.4, 0.6, 0.6])).reportAgrees).toBe(false)
    expect(orderFront(front([0.4, null, 0.6])).reportAgrees).toBe(true)
    expect(orderFront(front([0.4, null, null])).reportAgrees).toBeNull()
  })

  it('has one level for one member and none for nobody', () => {
    expect(orderFront([member(1, 0.5)])).toEqual({ neighbours: [], levels: [0], reportAgrees: null })
    expect(orderFront([])).toEqual({ neighbours: [], levels: [], reportAgrees: null })
  })
})
