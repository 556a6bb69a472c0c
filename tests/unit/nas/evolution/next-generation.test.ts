import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawInitialPopulation } from '../../../../src-main/nas/evolution/initial-population.ts'
import {
  nextGeneration,
  type Child,
  type NextGeneration,
  type NextGenerationOptions,
  type ParentRecord,
} from '../../../../src-main/nas/evolution/next-generation.ts'
import { genotypeDistance } from '../../../../src-main/nas/evolution/operators.ts'
import {
  selectNonDominated,
  selectPeeledFronts,
} from '../../../../src-main/nas/evolution/select-peeled-fronts.ts'
import { genotypeId, type Genotype } from '../../../../src-main/nas/genotype.ts'
import { frontHypervolume, hypervolumeReference } from '../../../../src-main/nas/pareto/hypervolume.ts'
import { largestGenotype, smallestGenotype } from '../../../../src-main/nas/named-genotypes.ts'
import { createRandom, Random } from '../../../../src-main/nas/random.ts'
import { createSearchSpace, officialSpace, type SearchSpace } from '../../../../src-main/nas/search-space.ts'
import { validateGenotype } from '../../../../src-main/nas/validate-genotype.ts'
import { linearCost, linearCostOf } from '../linear-cost.ts'
import { ALL_SPACES, microSpace, officialShape } from '../spaces.ts'

/** A made-up accuracy that rises with cost and with fusions into branch 0, so that evolution has something to find. */
function score(space: SearchSpace, genotype: Genotype): { macs: number; accuracy: number } {
  const shape = officialShape(space.task, { baseWidth: 8, inputHeight: 64, inputWidth: 64 })
  const [, macs] = linearCostOf(linearCost(space, shape), genotype)
  const into0 = genotype.modules.flatMap(({ fusion }) =>
    fusion.map(([row = []]) => row.reduce((a, b) => a + b, 0)),
  )
  const fusions = into0.reduce((sum, count) => sum + count, 0)
  return { macs, accuracy: 1 - 1 / (1 + macs / 3e7 + fusions / 20) }
}

function createRecords(space: SearchSpace, count: number, seed: number): ParentRecord[] {
  return drawInitialPopulation(space, count, createRandom(seed)).members.map(({ genotype }, index) => ({
    id: `#${String(index)}`,
    genotype,
    ...score(space, genotype),
  }))
}

function breed(
  space: SearchSpace,
  records: readonly ParentRecord[],
  changes: Partial<NextGenerationOptions<ParentRecord>> = {},
): NextGeneration<ParentRecord> {
  const known = new Set(records.map(({ genotype }) => genotypeId(genotype)))
  return nextGeneration({
    space,
    records,
    count: 10,
    crossoverProbability: 0.25,
    mutationProbability: 0.2,
    random: createRandom(5),
    isKnown: (id) => known.has(id),
    ...changes,
  })
}

describe('nextGeneration', () => {
  it('gives every selected parent one new, valid child, and records how it was made', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ALL_SPACES), fc.nat(), (space, seed) => {
        const records = createRecords(space, 30, seed)
        const { parents, children, others, uniform, missing } = breed(space, records, {
          random: createRandom(seed, 'breed'),
        })
        expect(parents).toEqual(selectPeeledFronts(records, 10))
        expect([children.length + uniform.members.length, missing]).toEqual([10, 0])
        // One in a hundred draws of the smallest space has a parent without a new neighbour; others stand in for it.
        const isShort = others.children + uniform.members.length > 0
        const ids = new Set([
          ...records.map(({ genotype }) => genotypeId(genotype)),
          ...children.map(({ id }) => id),
        ])
        expect(ids.size).toBe(records.length + children.length)
        for (const [index, child] of children.entries()) {
          expect(child.id).toBe(genotypeId(child.genotype))
          expect(validateGenotype(space, { stages: [child.genotype] }).ok).toBe(true)
          if (!isShort) {
            expect(child.parents[0]).toBe(parents[index]?.id)
            expect(parents.some(({ id }) => id === child.parents[1] && id !== child.parents[0])).toBe(true)
          }
          checkOrigin(child, records)
        }
      }),
      { numRuns: 15 },
    )
  })

  it('never changes a parent and shares nothing with one', () => {
    const space = officialSpace('segmentation')
    const records = createRecords(space, 20, 1)
    const before = structuredClone(records)
    for (const { genotype } of breed(space, records, { crossoverProbability: 1 }).children) {
      for (const { depths, fusion } of genotype.modules) {
        ;(depths as number[]).fill(-1)
        for (const row of fusion.flat()) {
          ;(row as number[]).fill(-1)
        }
      }
    }
    expect(records).toEqual(before)
  })

  it('inherits the last module from the base unchanged, unless the space evolves it', () => {
    const space = officialSpace('pose')
    const records = createRecords(space, 30, 2)
    const { parents, children } = breed(space, records, { crossoverProbability: 1, mutationProbability: 1 })
    for (const [index, { genotype }] of children.entries()) {
      expect(genotype.modules.at(-1)).toEqual(parents[index]?.genotype.modules.at(-1))
    }
    const micro = microSpace('pose')
    const evolved = breed(micro, createRecords(micro, 30, 2), { crossoverProbability: 1 })
    expect(evolved.children.some(({ modulesTaken }) => modulesTaken.includes(1))).toBe(true)
  })

  it('depends on its arguments and the random state alone', () => {
    const space = microSpace('segmentation')
    const records = createRecords(space, 30, 3)
    const random = createRandom(8)
    const state = random.state()
    const first = breed(space, records, { random })
    expect(breed(space, records, { random: Random.fromState(state) })).toEqual(first)
    expect(breed(space, records.toReversed(), { random: Random.fromState(state) })).toEqual(first)
  })

  it('goes round the parents when there are fewer than children asked for', () => {
    const space = microSpace('segmentation')
    const { parents, children } = breed(space, createRecords(space, 3, 4), { count: 7 })
    expect(parents.length).toBe(3)
    expect(children.map((child) => parents.findIndex(({ id }) => id === child.parents[0]))).toEqual([
      0, 1, 2, 0, 1, 2, 0,
    ])
  })

  it('mutates a single parent without a mate', () => {
    const space = microSpace('segmentation')
    const { children } = breed(space, createRecords(space, 1, 4), { count: 3, mutationProbability: 0 })
    expect(children.length).toBe(3)
    expect(children.every(({ parents }) => parents[0] === parents[1])).toBe(true)
    expect(children.every(({ edgesFlipped }) => edgesFlipped > 0)).toBe(true)
  })

  it('leaves out failed records, and says so when nobody is left', () => {
    const space = microSpace('segmentation')
    const records = createRecords(space, 4, 4).map((record, index) => ({
      ...record,
      accuracy: index === 0 ? 0.5 : Number.NaN,
    }))
    expect(breed(space, records).parents.map(({ id }) => id)).toEqual(['#0'])
    expect(() => breed(space, records.slice(1))).toThrow(
      'no parents, 3 records given, 3 within the constraints',
    )
    expect(() => breed(space, [])).toThrow(RangeError)
    expect(breed(space, [], { count: 0 }).children).toEqual([])
  })

  it('keeps to constraints: parents and children alike', () => {
    const space = microSpace('segmentation')
    const limit = score(space, smallestGenotype(space)).macs * 1.3
    const isFeasible = (genotype: Genotype): boolean => score(space, genotype).macs <= limit
    const records = createRecords(space, 40, 6)
    const { parents, children } = breed(space, records, { isFeasible, count: 20 })
    expect(parents.length).toBeGreaterThan(0)
    expect(parents.length).toBeLessThan(records.length)
    expect(parents.every(({ genotype }) => isFeasible(genotype))).toBe(true)
    expect(children.length).toBe(20)
    expect(children.every(({ genotype }) => isFeasible(genotype))).toBe(true)
  })

  it('changes the nearer parent step by step where crossing and mutating never fit', () => {
    const space = microSpace('segmentation')
    const parent = largestGenotype(space)
    const other = smallestGenotype(space)
    const records = [parent, other].map((genotype, index) => ({
      id: `#${String(index)}`,
      genotype,
      ...score(space, genotype),
    }))
    // Only two fusions may differ from a parent; mutation at 0.5 flips a dozen.
    const isFeasible = (genotype: Genotype): boolean =>
      [parent, other].some((near) => genotypeDistance(genotype, near) <= 2)
    const { children } = breed(space, records, {
      isFeasible,
      count: 4,
      crossoverProbability: 0.5,
      mutationProbability: 0.9,
    })
    expect(children.length).toBe(4)
    for (const child of children) {
      expect(child.edgesFlipped).toBeGreaterThan(0)
      checkOrigin(child, records)
    }
  })

  it('asks the next best parents and then the whole space where the chosen ones have no new neighbours', () => {
    const space = microSpace('segmentation')
    const records = createRecords(space, 20, 9)
    const [near] = selectPeeledFronts(records, 1)
    // Depths never change by crossing or mutation, so whoever has the chosen depths is a neighbour of the chosen parent.
    const depthsOf = (genotype: Genotype): string =>
      JSON.stringify(genotype.modules.map(({ depths }) => depths))
    const chosen = depthsOf(near?.genotype ?? { modules: [] })
    const isFeasible = (genotype: Genotype): boolean =>
      depthsOf(genotype) !== chosen || genotype === near?.genotype
    const select = (entries: readonly ParentRecord[], count: number) =>
      selectPeeledFronts(entries, entries.some(({ id }) => id === near?.id) ? 1 : count)
    const byOthers = breed(space, records, { isFeasible, select, count: 3 })
    expect(byOthers.parents).toEqual([near])
    expect(byOthers).toMatchObject({
      others: { children: 3 },
      uniform: { members: [], tries: 0 },
      missing: 0,
    })
    expect(byOthers.children.every(({ parents }) => parents[0] !== near?.id)).toBe(true)

    const alone = breed(space, near === undefined ? [] : [near], { isFeasible, select, count: 3 })
    expect(alone).toMatchObject({ children: [], others: { parents: 0, children: 0 }, missing: 0 })
    expect(alone.uniform.members).toHaveLength(3)
    expect(new Set(alone.uniform.members.map(({ id }) => id)).size).toBe(3)
    expect(alone.uniform.members.every(({ genotype }) => isFeasible(genotype))).toBe(true)
  })

  it('ends with a count of the missing where nothing new exists', () => {
    const tiny = createSearchSpace({
      task: 'segmentation',
      layout: [[2, 1]],
      depthChoices: [1],
      evolveLastModule: true,
    })
    const records = createRecords(tiny, 3, 1)
    const { children, missing, uniform } = breed(tiny, records, { count: 5 })
    expect([children.length, missing]).toEqual([1, 4])
    expect(uniform).toEqual({ members: [], tries: 400, outside: 0, known: 400 })
  })

  it('takes another selection behind the same interface, e.g. three objectives', () => {
    const space = microSpace('segmentation')
    const latencyMs = (record: ParentRecord): number => record.genotype.modules.length + record.macs / 1e6
    const records = createRecords(space, 20, 7)
    const { parents, children } = breed(space, records, {
      select: (entries, count) =>
        selectNonDominated(entries, count, (record) => [
          record.macs,
          -(record.accuracy ?? NaN),
          latencyMs(record),
        ]),
    })
    expect(parents.length).toBe(10)
    expect(children.length).toBe(10)
  })

  it('refuses probabilities that are none', () => {
    const space = microSpace('segmentation')
    const records = createRecords(space, 3, 1)
    expect(() => breed(space, records, { mutationProbability: 1.2 })).toThrow(
      'mutationProbability must be in [0, 1]',
    )
    expect(() => breed(space, records, { crossoverProbability: Number.NaN })).toThrow('got NaN')
  })

  it('finds a better front than as many random members, where topology matters', () => {
    const space = officialSpace('segmentation')
    // The share of upward fusions among all: something that mutation and crossover can build up.
    const rate = (genotype: Genotype): { macs: number; accuracy: number } => {
      const edges = genotype.modules.flatMap(({ fusion }) =>
        fusion.flatMap((targets) =>
          targets.flatMap((row, target) =>
            row.flatMap((bit, source) => (bit === 1 && source !== target ? [source > target] : [])),
          ),
        ),
      )
      return {
        ...score(space, genotype),
        accuracy: edges.filter((isUp) => isUp).length / (edges.length + 20),
      }
    }
    const toRecord = (genotype: Genotype, id: string): ParentRecord => ({ id, genotype, ...rate(genotype) })
    const reference = hypervolumeReference(score(space, largestGenotype(space)).macs)
    for (const seed of [1, 2, 3]) {
      const draw = (count: number): ParentRecord[] =>
        drawInitialPopulation(space, count, createRandom(seed)).members.map(({ genotype, id }) =>
          toRecord(genotype, id),
        )
      let records = draw(45)
      const random = createRandom(seed, 'search')
      for (let generation = 1; generation <= 8; generation += 1) {
        const { children } = breed(space, records, { random, count: 15 })
        records = [...records, ...children.map(({ genotype, id }) => toRecord(genotype, id))]
      }
      expect(records.length).toBe(45 + 8 * 15)
      expect(frontHypervolume(records, reference)).toBeGreaterThan(
        1.02 * frontHypervolume(draw(165), reference),
      )
    }
  })
})

/** The recorded origin rebuilds the child up to the number of flipped fusions. */
function checkOrigin(child: Child, records: readonly ParentRecord[]): void {
  const [base, mate] = child.parents.map((id) => records.find((record) => record.id === id))
  const crossed = {
    modules: (base?.genotype.modules ?? []).map((module, index) =>
      child.modulesTaken.includes(index) ? (mate?.genotype.modules[index] ?? module) : module,
    ),
  }
  expect(genotypeDistance(crossed, child.genotype)).toBe(child.edgesFlipped)
  expect(child.genotype.modules.map(({ depths }) => depths)).toEqual(
    crossed.modules.map(({ depths }) => depths),
  )
}
