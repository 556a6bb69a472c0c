import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  crossOver,
  flipOneEdge,
  genotypeDistance,
  mutableEdges,
  mutate,
} from '../../../../src-main/nas/evolution/operators.ts'
import type { Genotype } from '../../../../src-main/nas/genotype.ts'
import { largestGenotype, smallestGenotype } from '../../../../src-main/nas/named-genotypes.ts'
import { createRandom } from '../../../../src-main/nas/random.ts'
import { sampleUniform } from '../../../../src-main/nas/sampling.ts'
import { officialSpace } from '../../../../src-main/nas/search-space.ts'
import { validateGenotype } from '../../../../src-main/nas/validate-genotype.ts'
import { ALL_SPACES, arbitraryGenotype, microSpace } from '../spaces.ts'

const arbitraryPair = fc
  .record({ space: fc.constantFrom(...ALL_SPACES), left: fc.nat(), right: fc.nat(), seed: fc.nat() })
  .map(({ space, left, right, seed }) => ({
    space,
    base: sampleUniform(space, createRandom(left)),
    mate: sampleUniform(space, createRandom(right)),
    random: createRandom(seed, 'operators'),
  }))

describe('crossOver', () => {
  it('takes whole modules from the mate and says which', () => {
    fc.assert(
      fc.property(arbitraryPair, ({ space, base, mate, random }) => {
        const { genotype, modulesTaken } = crossOver(space, { base, mate }, 0.5, random)
        for (const [index, module] of genotype.modules.entries()) {
          expect(module).toEqual((modulesTaken.includes(index) ? mate : base).modules[index])
        }
        expect(validateGenotype(space, { stages: [genotype] }).ok).toBe(true)
      }),
    )
  })

  it('never takes the last module, unless the space evolves it', () => {
    for (const space of ALL_SPACES) {
      const parents = { base: smallestGenotype(space), mate: largestGenotype(space) }
      const { modulesTaken } = crossOver(space, parents, 1, createRandom(1))
      const all = space.modules.map((_, index) => index)
      expect(modulesTaken).toEqual(space.evolveLastModule ? all : all.slice(0, -1))
    }
  })

  it('expects 1.75 modules of the official space at probability 0.25', () => {
    const space = officialSpace('pose')
    const parents = { base: smallestGenotype(space), mate: largestGenotype(space) }
    const random = createRandom('crossover rate')
    let taken = 0
    for (let draw = 0; draw < 2000; draw += 1) {
      taken += crossOver(space, parents, 0.25, random).modulesTaken.length
    }
    // Five standard errors of a binomial(7, 0.25) mean over 2,000 draws.
    expect(Math.abs(taken / 2000 - 1.75)).toBeLessThan(5 * Math.sqrt((7 * 0.25 * 0.75) / 2000))
  })
})

describe('mutate', () => {
  it('flips exactly the drawn mutable fusions, never a depth', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), fc.nat(), ({ space, genotype }, seed) => {
        const random = createRandom(seed)
        const copy = createRandom(seed)
        const mutated = mutate(space, genotype, 0.2, random)
        const edges = mutableEdges(space, genotype)
        const flips = edges.filter(() => copy.next() < 0.2)
        expect(mutated.modules.map(({ depths }) => depths)).toEqual(
          genotype.modules.map(({ depths }) => depths),
        )
        expect(genotypeDistance(mutated, genotype)).toBe(flips.length)
        for (const { module, step, target, source } of flips) {
          const before = genotype.modules[module]?.fusion[step]?.[target]?.[source]
          expect(mutated.modules[module]?.fusion[step]?.[target]?.[source]).toBe(1 - (before ?? NaN))
        }
        expect(random.state()).toEqual(copy.state())
        expect(validateGenotype(space, { stages: [mutated] })).toEqual({
          ok: true,
          genotype: mutated,
          warnings: [],
        })
      }),
    )
  })

  it('leaves the last module alone, unless the space evolves it', () => {
    for (const space of ALL_SPACES) {
      const last = space.modules.length - 1
      const genotype = largestGenotype(space)
      const touched = mutableEdges(space, genotype).some(({ module }) => module === last)
      expect(touched).toBe(space.evolveLastModule)
      if (!space.evolveLastModule) {
        expect(mutate(space, genotype, 1, createRandom(1)).modules[last]).toEqual(genotype.modules[last])
      }
    }
  })

  it('flips every free fusion at probability 1 and none at 0', () => {
    // micro-segmentation, all depths 3: 2 targets × 3 steps × 1 source + 3 × 3 × 2.
    const space = microSpace('segmentation')
    const genotype = largestGenotype(space)
    expect(genotypeDistance(mutate(space, genotype, 1, createRandom(1)), genotype)).toBe(6 + 18)
    expect(mutate(space, genotype, 0, createRandom(1))).toEqual(genotype)
    // In pose the last own step of each branch of the last module is fixed.
    const pose = microSpace('pose')
    expect(mutableEdges(pose, largestGenotype(pose)).length).toBe(6 + 12)
  })
})

describe('both operators', () => {
  it('return deep copies: no later change of a child reaches its parents', () => {
    fc.assert(
      fc.property(arbitraryPair, ({ space, base, mate, random }) => {
        const before = structuredClone({ base, mate })
        const { genotype } = crossOver(space, { base, mate }, 0.5, random)
        overwrite(genotype)
        overwrite(mutate(space, base, 0.5, random))
        overwrite(flipOneEdge(space, base, random))
        expect({ base, mate }).toEqual(before)
      }),
    )
  })
})

describe('flipOneEdge', () => {
  it('changes one mutable fusion', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), fc.nat(), ({ space, genotype }, seed) => {
        const flipped = flipOneEdge(space, genotype, createRandom(seed))
        expect(genotypeDistance(flipped, genotype)).toBe(mutableEdges(space, genotype).length === 0 ? 0 : 1)
        expect(validateGenotype(space, { stages: [flipped] }).ok).toBe(true)
      }),
    )
  })
})

describe('genotypeDistance', () => {
  it('is a metric', () => {
    const space = microSpace('segmentation')
    const draw = (seed: number): Genotype => sampleUniform(space, createRandom(seed))
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.nat(30), (first, second, third) => {
        const [a, b, c] = [draw(first), draw(second), draw(third)]
        expect(genotypeDistance(a, b)).toBe(genotypeDistance(b, a))
        expect(genotypeDistance(a, a)).toBe(0)
        expect(genotypeDistance(a, c)).toBeLessThanOrEqual(genotypeDistance(a, b) + genotypeDistance(b, c))
      }),
    )
  })
})

/** Writes over everything that can be reached, past the readonly types. */
function overwrite(genotype: Genotype): void {
  for (const module of genotype.modules) {
    ;(module.depths as number[]).fill(-1)
    for (const row of module.fusion.flat()) {
      ;(row as number[]).fill(-1)
    }
  }
}
