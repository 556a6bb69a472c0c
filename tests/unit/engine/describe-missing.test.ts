import { describe, expect, it } from 'vitest'
import { describeShortage, describeStartShortage } from '../../../src-main/engine/search/describe-missing.ts'
import { createSearchSpace } from '../../../src-main/nas/search-space.ts'
import { microSpace } from '../nas/spaces.ts'

const tiny = createSearchSpace({
  ...{ task: 'segmentation', layout: [[2, 1]], depthChoices: [1], evolveLastModule: true },
})
const none = { children: [], parents: [], others: { parents: 0, children: 0 }, missing: 0 }
const nothing = { members: [], tries: 0, outside: 0, known: 0 }

describe('describeShortage', () => {
  it('is silent where the chosen parents had enough', () => {
    expect(describeShortage(tiny, 3, { ...none, uniform: nothing }, 9)).toBeNull()
    expect(describeStartShortage(tiny, 0, 9)).toBeNull()
  })

  it('says that the space is used up only where it is', () => {
    const uniform = { members: [], tries: 400, outside: 0, known: 400 }
    expect(describeShortage(tiny, 2, { ...none, missing: 4, uniform }, 4)).toBe(
      'generation 2: the 0 chosen parents had new neighbours for 0 of 4 candidates, within 100 tries each; ' +
        '0 more came from the 0 next best, 0 from 400 uniform draws; ' +
        '4 are missing, the space is used up: the space holds 4 networks, of which 4 are known',
    )
  })

  it('names bounds and known networks as the reason where the space holds more', () => {
    const uniform = { members: [], tries: 400, outside: 390, known: 10 }
    expect(describeShortage(microSpace('segmentation'), 2, { ...none, missing: 4, uniform }, 154)).toMatch(
      /4 are missing, of the draws 390 were outside the bounds and 10 known: the space holds about 10\^\d+\.\d networks, of which 154 are known$/,
    )
    expect(describeStartShortage(tiny, 2, 3)).toMatch(
      /generation 0 has 2 candidates less: .*holds 4 networks, of which 3 are known$/,
    )
  })
})
