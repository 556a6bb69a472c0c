import { describe, expect, it } from 'vitest'
import {
  countSpaceSize,
  createSearchSpace,
  depthPairs,
  describeSpaceProblem,
  evolvableModules,
  isLastPoseModule,
  officialSpace,
  type SearchSpaceOptions,
} from '../../../src-main/nas/search-space.ts'
import { microSpace, miniSpace } from './spaces.ts'

const valid: SearchSpaceOptions = {
  task: 'pose',
  layout: [
    [2, 1],
    [3, 1],
  ],
  depthChoices: [1, 2],
  evolveLastModule: false,
}

describe('createSearchSpace', () => {
  it('lays out the official eight modules', () => {
    const space = officialSpace('pose')
    expect(space.modules.map(({ name, branches }) => `${name}:${String(branches)}`).join(' ')).toBe(
      'stage2.0:2 stage3.0:3 stage3.1:3 stage3.2:3 stage3.3:3 stage4.0:4 stage4.1:4 stage4.2:4',
    )
    expect(space.maxDepth).toBe(5)
    expect(space.fusionRates).toEqual([0.2, 0.5, 0.8])
    expect(space.modules.reduce((sum, module) => sum + module.branches, 0)).toBe(26)
  })

  it('fixes the last module of pose only', () => {
    expect(
      officialSpace('pose').modules.map((_, index) => isLastPoseModule(officialSpace('pose'), index)),
    ).toEqual([...new Array<boolean>(7).fill(false), true])
    expect(isLastPoseModule(officialSpace('segmentation'), 7)).toBe(false)
  })

  it('leaves the last module out of evolution unless asked', () => {
    expect(evolvableModules(officialSpace('pose'))).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(evolvableModules(microSpace('pose'))).toEqual([0, 1])
  })

  it('pairs neighbouring depths', () => {
    expect(depthPairs(officialSpace('pose'))).toEqual([
      [2, 3],
      [3, 4],
      [4, 5],
    ])
    expect(depthPairs(createSearchSpace({ ...valid, depthChoices: [3] }))).toEqual([[3]])
  })

  it.each([
    [{ layout: [] }, 'layout: stages must have 2, 3, 4, … branches in this order, got ""'],
    [{ layout: [[3, 1]] }, 'got "3:1"'],
    [
      {
        layout: [
          [2, 1],
          [4, 1],
        ],
      },
      'got "2:1, 4:1"',
    ],
    [{ layout: [[2, 0]] }, 'layout: every stage needs at least one module'],
    [{ depthChoices: [] }, 'depth choices must be ascending, consecutive integers from 1 to 9'],
    [{ depthChoices: [2, 4] }, 'got 2, 4'],
    [{ depthChoices: [0, 1] }, 'got 0, 1'],
    [{ depthChoices: [9, 10] }, 'got 9, 10'],
    [{ fusionRates: [1.5] }, 'fusion rates must be probabilities from 0 to 1'],
    [{ fusionRates: [Number.NaN] }, 'got NaN'],
  ] as const)('refuses %j', (change, message) => {
    const options = { ...valid, ...change } as SearchSpaceOptions
    expect(describeSpaceProblem(options)).toContain(message)
    expect(() => createSearchSpace(options)).toThrow(RangeError)
  })
})

describe('countSpaceSize', () => {
  it('equals the products of method.md 3.6', () => {
    expect(countSpaceSize(officialSpace('segmentation')).exact).toBe(60n ** 2n * 1360n ** 12n * 37440n ** 12n)
    expect(countSpaceSize(officialSpace('pose')).exact).toBe(
      60n ** 2n * 1360n ** 12n * 37440n ** 8n * 4680n ** 4n,
    )
  })

  it('has the logarithms of method.md 3.6 and 11.2 to the printed digits', () => {
    expect(countSpaceSize(officialSpace('segmentation')).log10).toBeCloseTo(96.039, 3)
    expect(countSpaceSize(officialSpace('pose')).log10).toBeCloseTo(92.426, 3)
    expect(countSpaceSize(microSpace('pose')).log10).toBeCloseTo(6.3, 1)
    expect(countSpaceSize(microSpace('segmentation')).log10).toBeCloseTo(8.1, 1)
    expect(countSpaceSize(miniSpace('pose')).log10).toBeCloseTo(29.2, 1)
    expect(countSpaceSize(miniSpace('segmentation')).log10).toBeCloseTo(32.8, 1)
  })

  it('agrees with counting every member of a space small enough to list', () => {
    // Two branches: a branch of depth d has 2^d rows in segmentation; its last row is fixed in pose.
    const layout: SearchSpaceOptions['layout'] = [[2, 1]]
    const space = createSearchSpace({ ...valid, layout, task: 'segmentation' })
    expect(countSpaceSize(space).exact).toBe(BigInt((2 + 4) ** 2))
    expect(countSpaceSize(createSearchSpace({ ...valid, layout })).exact).toBe(BigInt((1 + 2) ** 2))
  })
})
