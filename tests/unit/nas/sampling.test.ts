import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { genotypeId } from '../../../src-main/nas/genotype.ts'
import { largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import {
  drawTrainingGenotype,
  sampleFromGroup,
  sampleUniform,
  samplingTurns,
  trainingTurns,
  type SamplingGroup,
} from '../../../src-main/nas/sampling.ts'
import {
  createSearchSpace,
  isLastPoseModule,
  officialSpace,
  type SearchSpace,
} from '../../../src-main/nas/search-space.ts'
import { validateGenotype } from '../../../src-main/nas/validate-genotype.ts'
import { linearCost, linearCostOf, sum, type LinearCost, type Pair } from './linear-cost.ts'
import { ALL_SPACES, microSpace, officialShape } from './spaces.ts'

/** method.md 5.1: depth list, p, E[params M], E[GFLOPs] for pose 256×192 and segmentation 1024×2048, both W32. */
const TABLE = [
  [[2], null, [13.63, 4.02], [14.46, 204.5]],
  [[3, 4], 0.2, [25.09, 6.37], [25.47, 301.6]],
  [[4, 5], 0.2, [32.04, 7.83], [32.42, 363.8]],
  [[2, 3], 0.5, [20.15, 5.21], [20.77, 253.4]],
  [[3, 4], 0.5, [27.99, 6.81], [28.61, 321.2]],
  [[4, 5], 0.5, [35.84, 8.4], [36.46, 389.1]],
  [[2, 3], 0.8, [22.16, 5.52], [23.01, 267.4]],
  [[3, 4], 0.8, [30.9, 7.24], [31.75, 340.9]],
  [[4, 5], 0.8, [39.64, 8.96], [40.49, 414.3]],
  [[2, 3], 0.2, [18.14, 4.91], [18.53, 239.3]],
  [[5], 1, [46.84, 10.25], [47.85, 469.8]],
] as const

describe('samplingTurns', () => {
  it('has the eleven turns in the published order', () => {
    for (const task of ['pose', 'segmentation'] as const) {
      expect(
        samplingTurns(officialSpace(task)).map((turn) => [turn.depthChoices, turn.fusionProbability]),
      ).toEqual(TABLE.map(([depths, p]) => [depths, p ?? (task === 'pose' ? 0 : 0.1)]))
    }
  })

  it('has rates × pairs turns in order without the sandwich flag', () => {
    const turns = samplingTurns(officialSpace('pose'), { sandwich: false })
    expect(turns.map(({ label }) => label)).toEqual([
      'p=0.2 depths 2-3',
      'p=0.2 depths 3-4',
      'p=0.2 depths 4-5',
      'p=0.5 depths 2-3',
      'p=0.5 depths 3-4',
      'p=0.5 depths 4-5',
      'p=0.8 depths 2-3',
      'p=0.8 depths 3-4',
      'p=0.8 depths 4-5',
    ])
    expect(turns.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('has eight turns for three depths', () => {
    expect(samplingTurns(microSpace('pose')).map(({ label }) => label)).toEqual([
      'smallest',
      'p=0.2 depths 2-3',
      'p=0.5 depths 1-2',
      'p=0.5 depths 2-3',
      'p=0.8 depths 1-2',
      'p=0.8 depths 2-3',
      'p=0.2 depths 1-2',
      'largest',
    ])
  })
})

describe('sampleFromGroup', () => {
  it('draws valid canonical genotypes of the group', () => {
    const arbitrary = fc.record({
      space: fc.constantFrom(...ALL_SPACES),
      seed: fc.nat(),
      fusionProbability: fc.double({ min: 0, max: 1, noNaN: true }),
      first: fc.nat(3),
    })
    fc.assert(
      fc.property(arbitrary, ({ space, seed, fusionProbability, first }) => {
        const depthChoices = space.depthChoices.slice(first % space.depthChoices.length)
        const genotype = sampleFromGroup(space, { depthChoices, fusionProbability }, createRandom(seed))
        expect(validateGenotype(space, { stages: [genotype] })).toEqual({ ok: true, genotype, warnings: [] })
        expect(
          genotype.modules.flatMap(({ depths }) => depths).every((depth) => depthChoices.includes(depth)),
        ).toBe(true)
      }),
    )
  })

  it('reaches the extremes: no fusion at p = 0, all at p = 1', () => {
    for (const space of ALL_SPACES) {
      const min = Math.min(...space.depthChoices)
      const draw = (group: SamplingGroup): string =>
        genotypeId(sampleFromGroup(space, group, createRandom(1)))
      expect(draw({ depthChoices: [min], fusionProbability: 0 })).toBe(genotypeId(smallestGenotype(space)))
      expect(draw({ depthChoices: [space.maxDepth], fusionProbability: 1 })).toBe(
        genotypeId(largestGenotype(space)),
      )
    }
  })

  it('refuses depths and probabilities that do not exist', () => {
    const draw = (group: SamplingGroup): unknown =>
      sampleFromGroup(microSpace('pose'), group, createRandom(1))
    expect(() => draw({ depthChoices: [4], fusionProbability: 0.5 })).toThrow(
      'depths 4 given, the space has 1, 2, 3',
    )
    expect(() => draw({ depthChoices: [], fusionProbability: 0.5 })).toThrow(RangeError)
    expect(() => draw({ depthChoices: [1], fusionProbability: Number.NaN })).toThrow(
      'must be in [0, 1], got NaN',
    )
  })
})

describe('expected cost of a turn', () => {
  it.each([
    ['pose', 2, 0.005, 0.005],
    ['segmentation', 3, 0.005, 0.05],
  ] as const)('of %s equals the table exactly to its digits', (task, column, halfParams, halfMacs) => {
    const space = officialSpace(task)
    const cost = linearCost(space, officialShape(task))
    for (const [index, turn] of samplingTurns(space).entries()) {
      const [params, macs] = expectedCost(space, cost, turn)
      const [tableParams, tableMacs] = TABLE[index]?.[column] ?? [0, 0]
      // Half a printed digit, plus a tenth of it: the table was rounded twice (253.346 to 253.35 to 253.4).
      expect(Math.abs(params / 1e6 - tableParams)).toBeLessThanOrEqual(halfParams * 1.1)
      expect(Math.abs(macs / 2 ** 30 - tableMacs)).toBeLessThanOrEqual(halfMacs * 1.1)
    }
  })

  it.each(['pose', 'segmentation'] as const)(
    'of %s is the mean of 2,000 draws within five standard errors',
    (task) => {
      const space = officialSpace(task)
      const cost = linearCost(space, officialShape(task))
      const turns = samplingTurns(space)
      for (const [index, turn] of turns.entries()) {
        // Every draw in its place of the training cycle: iteration = index + 11 · draw.
        const draws = Array.from({ length: 2000 }, (_, draw) => {
          const iteration = index + turns.length * draw
          const { genotype } = drawTrainingGenotype(space, { mode: 'grouped', runSeed: 1, iteration })
          return linearCostOf(cost, genotype)
        })
        const expected = expectedCost(space, cost, turn)
        for (const axis of [0, 1] as const) {
          const { mean, deviation } = moments(draws.map((pair) => pair[axis]))
          expect(Math.abs(mean - expected[axis])).toBeLessThanOrEqual(
            (5 * deviation) / Math.sqrt(2000) + 1e-6,
          )
        }
      }
    },
    60_000,
  )

  it('spreads as stated: uniform drawing has σ 3.2 M and 0.37 GFLOPs around 27.99 and 6.81', () => {
    const space = officialSpace('pose')
    const cost = linearCost(space, officialShape('pose'))
    const random = createRandom(3)
    const draws = Array.from({ length: 2000 }, () => linearCostOf(cost, sampleUniform(space, random)))
    const params = moments(draws.map(([count]) => count / 1e6))
    const macs = moments(draws.map((pair) => pair[1] / 2 ** 30))
    // The standard error of a standard deviation over 2,000 draws is 1.6 %; the table has two digits.
    expect(params.deviation).toBeCloseTo(3.2, 0)
    expect(Math.abs(macs.deviation - 0.37)).toBeLessThan(0.035)
    expect(Math.abs(params.mean - 27.99)).toBeLessThan((5 * 3.2) / Math.sqrt(2000))
    expect(Math.abs(macs.mean - 6.81)).toBeLessThan((5 * 0.37) / Math.sqrt(2000))
  })
})

describe('drawTrainingGenotype', () => {
  const draw = (
    space: SearchSpace,
    mode: 'grouped' | 'uniform' | 'sandwich',
    iteration: number,
    runSeed = 5,
  ): string => genotypeId(drawTrainingGenotype(space, { mode, runSeed, iteration }).genotype)

  it('depends on run seed and iteration alone', () => {
    const space = microSpace('segmentation')
    const forwards = Array.from({ length: 50 }, (_, iteration) => draw(space, 'grouped', iteration))
    const backwards = Array.from({ length: 50 }, (_, index) =>
      draw(space, 'grouped', 49 - index),
    ).toReversed()
    expect(backwards).toEqual(forwards)
    expect(Array.from({ length: 50 }, (_, iteration) => draw(space, 'grouped', iteration, 6))).not.toEqual(
      forwards,
    )
  })

  it('takes turn = iteration mod 11, also across epochs', () => {
    const space = officialSpace('pose')
    for (const iteration of [0, 10, 11, 25, 1_000_000]) {
      const { turn, genotype } = drawTrainingGenotype(space, { mode: 'grouped', runSeed: 1, iteration })
      expect(turn).toEqual(samplingTurns(space)[iteration % 11])
      const depths = genotype.modules.flatMap((module) => module.depths)
      expect(depths.every((depth) => turn.depthChoices.includes(depth))).toBe(true)
    }
  })

  it('trains exactly the smallest pose network at turn 0 and the teacher network at the last', () => {
    for (const task of ['pose', 'segmentation'] as const) {
      const space = officialSpace(task)
      expect(draw(space, 'grouped', 10)).toBe(genotypeId(largestGenotype(space)))
      // Segmentation fuses with p = 0.1 there, so it practically never is the bare one.
      expect(draw(space, 'grouped', 0) === genotypeId(smallestGenotype(space))).toBe(task === 'pose')
    }
  })

  it('sandwich repeats smallest, largest and two uniform draws', () => {
    const space = microSpace('pose')
    expect(trainingTurns(space, 'sandwich').map(({ kind }) => kind)).toEqual([
      'smallest',
      'largest',
      'uniform',
      'uniform',
    ])
    expect(draw(space, 'sandwich', 8)).toBe(genotypeId(smallestGenotype(space)))
    expect(draw(space, 'sandwich', 9)).toBe(genotypeId(largestGenotype(space)))
    expect(draw(space, 'sandwich', 10)).not.toBe(draw(space, 'sandwich', 11))
  })

  it('uniform draws every depth about equally often', () => {
    const space = createSearchSpace({
      task: 'segmentation',
      layout: [[2, 1]],
      depthChoices: [2, 3, 4, 5],
      evolveLastModule: true,
    })
    const counts = new Map<number, number>()
    for (let iteration = 0; iteration < 2000; iteration += 1) {
      const { genotype } = drawTrainingGenotype(space, { mode: 'uniform', runSeed: 1, iteration })
      for (const depth of genotype.modules[0]?.depths ?? []) {
        counts.set(depth, (counts.get(depth) ?? 0) + 1)
      }
    }
    for (const depth of [2, 3, 4, 5]) {
      expect(Math.abs((counts.get(depth) ?? 0) - 1000)).toBeLessThan(5 * Math.sqrt(4000 * 0.25 * 0.75))
    }
  })

  it('refuses an iteration that is none', () => {
    for (const iteration of [-1, 0.5, Number.NaN]) {
      expect(() =>
        drawTrainingGenotype(microSpace('pose'), { mode: 'grouped', runSeed: 1, iteration }),
      ).toThrow('iteration must be a non-negative integer')
    }
  })
})

/** Expectation by linearity: each block and fusion times its probability under the group (method.md 3.3). */
function expectedCost(space: SearchSpace, cost: LinearCost, group: SamplingGroup): Pair {
  const { depthChoices, fusionProbability } = group
  const share = (test: (depth: number) => boolean): number =>
    depthChoices.filter(test).length / depthChoices.length
  const parts: Pair[] = [cost.fixed]
  for (const [index, { branches }] of space.modules.entries()) {
    const isFixed = isLastPoseModule(space, index)
    for (let target = 0; target < branches; target += 1) {
      for (let step = 0; step < space.maxDepth; step += 1) {
        parts.push(
          scale(
            cost.block(target),
            share((depth) => depth > step),
          ),
        )
        const coins = isFixed ? share((depth) => depth > step + 1) : share((depth) => depth > step)
        const forced = isFixed && target === 0 ? share((depth) => depth === step + 1) : 0
        for (let source = 0; source < branches; source += 1) {
          if (source !== target) {
            parts.push(scale(cost.fusion(target, source), coins * fusionProbability + forced))
          }
        }
      }
    }
  }
  return sum(parts)
}

function scale([params, macs]: Pair, factor: number): Pair {
  return [params * factor, macs * factor]
}

function moments(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((total, value) => total + value, 0) / values.length
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, deviation: Math.sqrt(variance) }
}
