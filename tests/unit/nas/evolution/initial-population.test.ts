import { describe, expect, it } from 'vitest'
import {
  drawInitialPopulation,
  initialStrata,
} from '../../../../src-main/nas/evolution/initial-population.ts'
import { genotypeId, type Genotype } from '../../../../src-main/nas/genotype.ts'
import { smallestGenotype } from '../../../../src-main/nas/named-genotypes.ts'
import { createRandom, Random } from '../../../../src-main/nas/random.ts'
import { createSearchSpace, officialSpace } from '../../../../src-main/nas/search-space.ts'
import { validateGenotype } from '../../../../src-main/nas/validate-genotype.ts'
import { linearCost, linearCostOf } from '../linear-cost.ts'
import { microSpace, officialShape } from '../spaces.ts'

describe('initialStrata', () => {
  it('splits 1,000 into 10 × 67 + 5 × 66, rates outside, depth pairs inside', () => {
    const strata = initialStrata(1000, officialSpace('pose'))
    expect(strata.map(({ count }) => count)).toEqual([
      ...new Array<number>(10).fill(67),
      ...new Array<number>(5).fill(66),
    ])
    expect(strata.slice(0, 4).map(({ label }) => label)).toEqual([
      'p=0.2 depths 2-3',
      'p=0.2 depths 3-4',
      'p=0.2 depths 4-5',
      'p=0.35 depths 2-3',
    ])
    expect(strata.at(-1)).toEqual({
      label: 'p=0.8 depths 4-5',
      depthChoices: [4, 5],
      fusionProbability: 0.8,
      count: 66,
    })
  })

  it('has ten strata for three depths', () => {
    expect(initialStrata(15, microSpace('pose')).map(({ count }) => count)).toEqual([
      2, 2, 2, 2, 2, 1, 1, 1, 1, 1,
    ])
  })

  it('refuses a size that is none', () => {
    expect(() => initialStrata(-1, microSpace('pose'))).toThrow('size must be a non-negative integer, got -1')
  })
})

describe('drawInitialPopulation', () => {
  it('draws different, valid members, each from its stratum, the same for the same seed', () => {
    const space = officialSpace('pose')
    const draw = (): ReturnType<typeof drawInitialPopulation> =>
      drawInitialPopulation(space, 100, createRandom(1))
    const { members, missing } = draw()
    expect(missing).toBe(0)
    expect(new Set(members.map(({ id }) => id)).size).toBe(100)
    expect(draw().members).toEqual(members)
    expect(members.map(({ label }) => label)).toEqual(
      initialStrata(100, space).flatMap(({ label, count }) => new Array<string>(count).fill(label)),
    )
    for (const { genotype, id, label } of members) {
      expect(genotypeId(genotype)).toBe(id)
      expect(validateGenotype(space, { stages: [genotype] }).ok).toBe(true)
      const [low = 0, high = 0] = label.split(' ').at(-1)?.split('-').map(Number) ?? []
      expect(
        genotype.modules.flatMap(({ depths }) => depths).every((depth) => depth >= low && depth <= high),
      ).toBe(true)
    }
  })

  it('continues from a saved random state as if undisturbed', () => {
    const space = microSpace('pose')
    const random = createRandom(9)
    const state = random.state()
    const first = drawInitialPopulation(space, 30, random)
    expect(drawInitialPopulation(space, 30, Random.fromState(state))).toEqual(first)
    expect(random.state()).not.toEqual(state)
  })

  it('draws around known ids', () => {
    const space = microSpace('pose')
    const first = drawInitialPopulation(space, 60, createRandom(2))
    const known = new Set(first.members.map(({ id }) => id))
    const second = drawInitialPopulation(space, 60, createRandom(2), { isKnown: (id) => known.has(id) })
    expect(second.members.length).toBe(60)
    expect(second.members.some(({ id }) => known.has(id))).toBe(false)
  })

  it('says how many are missing when the space is smaller than the population', () => {
    // One module of two branches with one block each: 2 × 2 genotypes.
    const tiny = createSearchSpace({
      task: 'segmentation',
      layout: [[2, 1]],
      depthChoices: [1],
      evolveLastModule: true,
    })
    const { members, missing } = drawInitialPopulation(tiny, 10, createRandom(1))
    expect(new Set(members.map(({ id }) => id)).size).toBe(4)
    expect([members.length, missing]).toEqual([4, 6])
  })

  it('keeps to constraints, also where hardly any draw meets them', () => {
    const space = microSpace('segmentation')
    const shape = { ...officialShape('segmentation', { baseWidth: 8, inputHeight: 64, inputWidth: 96 }) }
    const cost = linearCost(space, shape)
    const macs = (genotype: Genotype): number => linearCostOf(cost, genotype)[1]
    const limit = macs(smallestGenotype(space)) * 1.02
    const isFeasible = (genotype: Genotype): boolean => macs(genotype) <= limit
    const { members, missing } = drawInitialPopulation(space, 30, createRandom(3), { isFeasible })
    expect(members.every(({ genotype }) => isFeasible(genotype))).toBe(true)
    expect(members.length).toBeGreaterThan(10)
    expect(members.length + missing).toBe(30)
    expect(new Set(members.map(({ id }) => id)).size).toBe(members.length)
  })

  it('finds nobody and ends where nothing is feasible', () => {
    const result = drawInitialPopulation(microSpace('pose'), 15, createRandom(3), { isFeasible: () => false })
    expect(result).toEqual({ members: [], missing: 15 })
  })
})
