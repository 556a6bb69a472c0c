import { describe, expect, it } from 'vitest'
import { genotypeId } from '../../../src-main/nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import { validateGenotype } from '../../../src-main/nas/validate-genotype.ts'
import { ALL_SPACES, microSpace } from './spaces.ts'

describe('named genotypes', () => {
  it('have the published ids', () => {
    const ids = (['pose', 'segmentation'] as const).map((task) => {
      const space = officialSpace(task)
      return [smallestGenotype(space), largestGenotype(space), hrnetGenotype(space)].map(genotypeId)
    })
    expect(ids).toEqual([
      ['c8eed25f5065', '4af39aa11816', '07a00ccae0ea'],
      ['87f317adf70f', '8f80e43e72f3', 'fcc894238a06'],
    ])
  })

  it('are valid members of every space', () => {
    for (const space of ALL_SPACES) {
      for (const genotype of [smallestGenotype(space), largestGenotype(space), hrnetGenotype(space)]) {
        const result = validateGenotype(space, { stages: [genotype] })
        expect(result).toEqual({ ok: true, genotype, warnings: [] })
      }
    }
  })

  it('hrnet takes the second largest depth and fuses at its last step only', () => {
    const [first] = hrnetGenotype(microSpace('segmentation')).modules
    expect(first).toEqual({
      depths: [2, 2],
      fusion: [
        [
          [1, 0],
          [0, 1],
        ],
        [
          [1, 1],
          [1, 1],
        ],
      ],
    })
  })
})
