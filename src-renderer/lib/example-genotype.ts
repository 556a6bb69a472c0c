import type { GenotypeJson } from '../../src-main/contract/index.ts'
import { toGenotypeJson } from '../../src-main/nas/genotype.ts'
import { createRandom } from '../../src-main/nas/random.ts'
import { sampleFromGroup } from '../../src-main/nas/sampling.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'

/** A member of the official pose space to look at where there is no run yet; always the same one. */
export function exampleGenotype(): GenotypeJson {
  const space = officialSpace('pose')
  const group = { depthChoices: [3, 4, 5], fusionProbability: 0.35 }
  return toGenotypeJson(space, 48, sampleFromGroup(space, group, createRandom('first start')))
}
