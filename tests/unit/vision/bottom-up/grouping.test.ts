import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupByTags, roundHalfToEven } from '../../../../src-main/vision/bottom-up/group-by-tags.ts'
import type { Peak } from '../../../../src-main/vision/bottom-up/find-peaks.ts'
import type { JointMaps } from '../../../../src-main/vision/bottom-up/joint-maps.ts'
import { minimumCostAssignment } from '../../../../src-main/vision/bottom-up/minimum-cost-assignment.ts'
import { parsePersons } from '../../../../src-main/vision/bottom-up/parse-persons.ts'
import { tagLoss } from '../../../../src-main/vision/bottom-up/tag-loss.ts'
import { symmetric } from '../../../support/formula-weights.ts'

describe('minimumCostAssignment', () => {
  it('costs the least of all assignments, every column at most once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.double({ min: -3, max: 3, noNaN: true })), {
          minLength: 35,
          maxLength: 35,
        }),
        (rows, wider, numbers) => {
          const columns = rows + wider
          const cost = numbers.slice(0, rows * columns)
          const chosen = [...minimumCostAssignment(cost, rows, columns)]
          expect(new Set(chosen).size).toBe(rows)
          const total = chosen.reduce(
            (sum, column, row) => sum + (cost[row * columns + column] ?? Number.NaN),
            0,
          )
          expect(Math.abs(total - leastCost(cost, rows, columns, 0, new Set()))).toBeLessThanOrEqual(1e-9)
        },
      ),
      { numRuns: 200 },
    )
  })

  it('refuses more rows than columns, and costs that are no numbers', () => {
    expect(() => minimumCostAssignment([1, 2], 2, 1)).toThrow('rows <= columns')
    expect(() => minimumCostAssignment([Number.NaN], 1, 1)).toThrow('finite')
  })
})

function leastCost(
  cost: readonly number[],
  rows: number,
  columns: number,
  row: number,
  taken: Set<number>,
): number {
  if (row === rows) {
    return 0
  }
  let least = Infinity
  for (let column = 0; column < columns; column++) {
    if (!taken.has(column)) {
      const rest = leastCost(cost, rows, columns, row + 1, new Set([...taken, column]))
      least = Math.min(least, (cost[row * columns + column] ?? Number.NaN) + rest)
    }
  }
  return least
}

const peak = (tag: number, value = 0.9): Peak => ({ x: 0, y: 0, value, tag: [tag] })
const OPTIONS = { order: [0, 1], mostPersons: 30, tagThreshold: 1 }

describe('groupByTags', () => {
  it('gives joints to the nearest person and opens one where nobody is near', () => {
    const persons = groupByTags(
      [
        [peak(0), peak(5)],
        [peak(5.2), peak(0.3), peak(9)],
      ],
      OPTIONS,
    )
    expect(persons.map((joints) => joints.map((found) => found?.tag[0] ?? null))).toEqual([
      [0, 0.3],
      [5, 5.2],
      [null, 9],
    ])
  })

  it('a tag at the threshold is too far', () => {
    expect(groupByTags([[peak(0)], [peak(1)]], OPTIONS)).toHaveLength(2)
    expect(groupByTags([[peak(0)], [peak(0.999)]], OPTIONS)).toHaveLength(1)
  })

  it('tags that are no numbers open persons and end', () => {
    expect(groupByTags([[peak(0)], [peak(Number.NaN), peak(0.1)]], OPTIONS)).toHaveLength(2)
  })

  it('an equal first component writes into the same person', () => {
    const persons = groupByTags([[peak(2, 0.9), peak(2, 0.5)], []], OPTIONS)
    expect(persons.map((joints) => joints[0]?.value)).toEqual([0.5])
  })

  it('rounds halves to even', () => {
    expect([0.5, 1.5, 2.5, 0.49, 1.51].map(roundHalfToEven)).toEqual([0, 2, 2, 0, 2])
  })
})

describe('parsePersons', () => {
  it('fills in a joint without a peak where heat is left, only if asked, and scores before that', () => {
    const [joints, height, width] = [2, 6, 6]
    const heat = new Float32Array(joints * 36)
    heat[0] = 0.8
    heat[36 + 14] = 0.05
    const maps: JointMaps = { joints, height, width, heat, tags: new Float32Array(72), tagSize: 1 }
    const [person] = parsePersons(maps)
    expect(person?.score).toBeCloseTo(0.4, 6)
    expect([...(person?.keypoints ?? [])].map((v) => Math.round(v * 100) / 100)).toEqual([
      0.25, 0.25, 0.8, 2.25, 2.25, 0.05,
    ])
    const [bare] = parsePersons(maps, {
      mostPersons: 30,
      detectionThreshold: 0.1,
      tagThreshold: 1,
      refines: false,
    })
    expect([...(bare?.keypoints.slice(3) ?? [])]).toEqual([0, 0, 0])
  })

  it('finds nobody in empty maps', () => {
    const maps = {
      joints: 2,
      height: 4,
      width: 4,
      heat: new Float32Array(32),
      tags: new Float32Array(32),
      tagSize: 1,
    }
    expect(parsePersons(maps)).toEqual([])
  })
})

describe('tagLoss', () => {
  it('has the gradient of finite differences, weighted', () => {
    const tags = Float64Array.from(symmetric(1, 'tags', 9, 1.5))
    const persons = [[0, 1, 2], [3, 4], [], [5]]
    const gradient = new Float64Array(9)
    tagLoss(tags, persons, gradient, 0.5)
    const value = (moved: Float64Array): number => {
      const { pull, push } = tagLoss(moved, persons, new Float64Array(9), 1)
      return 0.5 * (pull + push)
    }
    tags.forEach((_, at) => {
      const [up, down] = [1e-5, -1e-5].map((step) => value(tags.map((v, i) => (i === at ? v + step : v))))
      // Central differences of a smooth function in float64: error of the order of the step squared.
      expect(Math.abs(((up ?? 0) - (down ?? 0)) / 2e-5 - (gradient[at] ?? Number.NaN))).toBeLessThanOrEqual(
        1e-8,
      )
    })
  })

  it('is 0 without persons, and only pulls for one', () => {
    expect(tagLoss([1, 2], [[], []], new Float64Array(2), 1)).toEqual({ pull: 0, push: 0 })
    expect(tagLoss([1, 2], [[0, 1]], new Float64Array(2), 1)).toEqual({ pull: 0.25, push: 0 })
  })
})
