import { describe, expect, it } from 'vitest'
import { describeOrder, scoreText } from '../../../src-main/cli/describe-intervals.ts'
import type { OrderedMember } from '../../../src-main/cli/describe-intervals.ts'

function member(number: number, accuracy: number, report: number | null, neighbours: readonly number[] = []) {
  return {
    ...{ number, accuracy, report: report === null ? null : { accuracy: report } },
    interval: { low: accuracy - 0.01, high: accuracy + 0.008, neighbours },
    reportInterval: null,
  } satisfies OrderedMember
}

describe('describeOrder', () => {
  it('counts certain levels, names who is not told apart, and puts the orders of both splits below one another', () => {
    const front = [
      member(12, 0.38, 0.39),
      member(51, 0.4, 0.42, [60]),
      member(60, 0.401, 0.41, [51]),
      member(7, 0.44, null),
    ]
    const order = { levels: [12, 51, 7], reportLevels: [12, 60], reportAgrees: true }
    expect(describeOrder(front, order).join('\n')).toMatchInlineSnapshot(`
      "order certain: 3 levels (#0012 < #0051 < #0007), the same on the report split
        #0051 not told apart from #0060
        #0060 not told apart from #0051
      order on the search split: #0012 #0051 #0060
      order on the report split: #0012 #0060 #0051, certain: 2 levels"
    `)
  })

  it('says where the report split disagrees or was not asked', () => {
    const [first] = describeOrder([member(1, 0.3, null)], {
      levels: [1],
      reportLevels: [],
      reportAgrees: null,
    })
    expect(first).toBe(
      'order certain: 1 level (#0001), not compared: the report split scored fewer than two of them',
    )
    const front = [member(1, 0.3, 0.5), member(2, 0.4, 0.4)]
    expect(describeOrder(front, { levels: [1, 2], reportLevels: [1], reportAgrees: false })).toEqual([
      'order certain: 2 levels (#0001 < #0002), another one on the report split',
      'order on the search split: #0001 #0002',
      'order on the report split: #0002 #0001, certain: 1 level',
    ])
  })

  it('is silent without results by picture', () => {
    expect(describeOrder([], { levels: [], reportLevels: [], reportAgrees: null })).toEqual([])
  })
})

describe('scoreText', () => {
  it('has the half width of the interval behind ±, and two places without one', () => {
    expect(scoreText(0.3812, { low: 0.372, high: 0.39, neighbours: [] })).toBe('38.1 ± 0.9')
    expect(scoreText(0.3812, null)).toBe('38.12%')
    expect(scoreText(null, null)).toBe('-')
  })
})
