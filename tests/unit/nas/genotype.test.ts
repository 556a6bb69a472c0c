import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  canonicalGenotype,
  fromGenotypeJson,
  genotypeFromKey,
  genotypeId,
  genotypeKey,
  toGenotypeJson,
} from '../../../src-main/nas/genotype.ts'
import { genotypeDistance } from '../../../src-main/nas/evolution/operators.ts'
import { smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { sampleUniform } from '../../../src-main/nas/sampling.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import { arbitraryGenotype, microSpace } from './spaces.ts'

describe('genotypeKey', () => {
  it('is the published text for the smallest pose genotype', () => {
    const key = genotypeKey(smallestGenotype(officialSpace('pose')))
    expect(key).toMatch(/^v1;2:22:0000;3:222:000000000000;/)
    expect(key).toMatch(/;4:2222:000000000000111000000000$/)
  })

  it('is stable under canonical form and deep copies', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ genotype }) => {
        expect(genotypeKey(canonicalGenotype(genotype))).toBe(genotypeKey(genotype))
        expect(canonicalGenotype(genotype)).toEqual(genotype)
      }),
    )
  })

  it('is equal iff the genotypes are', () => {
    const space = microSpace('segmentation')
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), (left, right) => {
        const a = sampleUniform(space, createRandom(left))
        const b = sampleUniform(space, createRandom(right))
        expect(genotypeKey(a) === genotypeKey(b)).toBe(genotypeDistance(a, b) === 0)
      }),
    )
  })

  it('round-trips', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ space, genotype }) => {
        expect(genotypeFromKey(space, genotypeKey(genotype))).toEqual(genotype)
      }),
    )
  })

  it('ignores what lies beyond the depth of a target', () => {
    const genotype = smallestGenotype(microSpace('segmentation'))
    const padded = {
      modules: genotype.modules.map(({ depths, fusion }) => ({
        depths,
        fusion: [...fusion, ...fusion.map((targets) => targets.map((sources) => sources.map(() => 1)))],
      })),
    }
    expect(genotypeKey(padded)).toBe(genotypeKey(genotype))
    expect(canonicalGenotype(padded)).toEqual(genotype)
  })

  it.each([
    ['v2;2:11:00', 'must start with "v1"'],
    ['v1;2:11:00', 'LAYOUT: expected 2 modules (1 + 1), found 1'],
    ['v1;2:11:00;3:111:00000', 'BIT: stage3.0 step 0, 1 → 2: found (missing)'],
    ['v1;2:11:000;3:111:000000', 'has 3 bits, its depths need 2'],
    ['v1;2:14:00000;3:111:000000', 'DEPTH: stage2.0 branch 1: depth 4 is not one of 1, 2, 3'],
    ['v1;2:11:02;3:111:000000', 'BIT: stage2.0 step 0, 0 → 1: found 2'],
    ['v1;2:1x:00;3:111:000000', 'DEPTH: stage2.0 branch 1'],
    [`v1;2:11:00;3:${'1'.repeat(50_000)}:`, 'LAYOUT: module stage3.0 has 3 branches, the file says 50000'],
    ['', 'must start with "v1"'],
  ])('refuses a wrong key: case %#', (key, message) => {
    expect(() => genotypeFromKey(microSpace('segmentation'), key)).toThrow(message)
  })
})

describe('genotypeId', () => {
  it('is the first 12 hex digits of the SHA-256 of the key', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ genotype }) => {
        const digest = createHash('sha256').update(genotypeKey(genotype), 'ascii').digest('hex')
        expect(genotypeId(genotype)).toBe(digest.slice(0, 12))
      }),
    )
  })
})

describe('genotype JSON', () => {
  it('round-trips through text', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ space, genotype }) => {
        const text = JSON.stringify(toGenotypeJson(space, 8, genotype))
        const parsed = JSON.parse(text) as ReturnType<typeof toGenotypeJson>
        expect(fromGenotypeJson(space, parsed)).toEqual(genotype)
      }),
    )
  })

  it('has the canonical shape', () => {
    expect(toGenotypeJson(microSpace('pose'), 8, smallestGenotype(microSpace('pose')))).toEqual({
      task: 'pose',
      width: 8,
      maxDepth: 3,
      stages: [
        {
          name: 'stage2',
          modules: [
            {
              branches: 2,
              depths: [1, 1],
              fusion: [
                [
                  [1, 0],
                  [0, 1],
                ],
              ],
            },
          ],
        },
        {
          name: 'stage3',
          modules: [
            {
              branches: 3,
              depths: [1, 1, 1],
              fusion: [
                [
                  [1, 1, 1],
                  [0, 1, 0],
                  [0, 0, 1],
                ],
              ],
            },
          ],
        },
      ],
    })
  })

  it('shares nothing with the genotype', () => {
    const space = microSpace('pose')
    const genotype = smallestGenotype(space)
    const json = toGenotypeJson(space, 8, genotype)
    json.stages[0]?.modules[0]?.fusion[0]?.[0]?.fill(1)
    expect(genotype).toEqual(smallestGenotype(space))
  })

  it('names every problem when it is refused', () => {
    const space = microSpace('segmentation')
    const json = toGenotypeJson(space, 8, smallestGenotype(space))
    json.stages[0]?.modules[0]?.depths.splice(0, 2, 7, 7)
    expect(() => fromGenotypeJson(space, json)).toThrow(
      'DEPTH: stage2.0 branch 0: depth 7 is not one of 1, 2, 3; DEPTH: stage2.0 branch 1: depth 7',
    )
  })
})
