import type { GenotypeJson, RunConfig } from '../../src-main/contract/index.ts'
import { toGenotypeJson } from '../../src-main/nas/genotype.ts'
import { largestGenotype } from '../../src-main/nas/named-genotypes.ts'
import { createSearchSpace, describeSpaceProblem } from '../../src-main/nas/search-space.ts'
import type { SearchSpace, SearchSpaceOptions } from '../../src-main/nas/search-space.ts'

/** The search space of a configuration; null if its layout or depths are none. */
export function spaceOfConfig(config: RunConfig): SearchSpace | null {
  const options: SearchSpaceOptions = { task: config.task, ...config.space }
  return describeSpaceProblem(options) === null ? createSearchSpace(options) : null
}

/** The largest member, to draw the whole space. */
export function largestOfConfig(config: RunConfig): GenotypeJson | null {
  const space = spaceOfConfig(config)
  return space === null ? null : toGenotypeJson(space, config.network.baseWidth, largestGenotype(space))
}
