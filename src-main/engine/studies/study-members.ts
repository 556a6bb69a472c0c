import { EngineError } from '../../contract/index.ts'
import { canonicalGenotype } from '../../nas/canonical-genotype.ts'
import { drawInitialPopulation } from '../../nas/evolution/initial-population.ts'
import { genotypeId } from '../../nas/genotype.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { withLastPoseRule } from '../../nas/named-genotypes.ts'
import { createRandom } from '../../nas/random.ts'
import type { Random } from '../../nas/random.ts'
import { isLastPoseModule } from '../../nas/search-space.ts'
import type { SearchSpace } from '../../nas/search-space.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import type { StudyMember } from './study-bench.ts'

/** Which genotypes a study looks at must not depend on the seeds that it trains with. */
const MEMBERS_SEED = 0

/**
 * The same stratified genotypes at every call (method.md 7.1), as the start of a search has them.
 * @throws EngineError BAD_REQUEST if the space holds fewer.
 */
export function drawStratified(setup: SearchSetup, count: number): readonly StudyMember[] {
  const random = createRandom(MEMBERS_SEED, 'study members')
  const { members, missing } = drawInitialPopulation(setup.space, count, random)
  if (missing > 0) {
    throw new EngineError(
      'BAD_REQUEST',
      `The study needs ${String(count)} different architectures, this space gave ${String(members.length)}; take a larger space.layout or more space.depthChoices.`,
    )
  }
  return members.map(({ genotype, label }) => toMember(setup, genotype, label))
}

export function toMember(setup: SearchSetup, genotype: Genotype, label: string): StudyMember {
  return { id: genotypeId(genotype), genotype, label, macs: setup.costOf(genotype).macs }
}

/** A depth for every branch of every module, all equally likely. */
export function drawDepths(space: SearchSpace, random: Random): readonly (readonly number[])[] {
  return space.modules.map(({ branches }) =>
    Array.from({ length: branches }, () => random.choice(space.depthChoices)),
  )
}

/**
 * A member of given depths that fuses everything after each branch's last own step, as HRNet does, and before it by coins (method.md
 * 11.3, row 3): with probability 0 the pattern of HRNet at any depths, with 1 the most that the depths allow.
 *
 * @param depths - [module][branch].
 * @param probability - Of each fusion before the last own step of its target, in [0, 1].
 */
export function createFusedGenotype(
  space: SearchSpace,
  depths: readonly (readonly number[])[],
  probability: number,
  random: Random,
): Genotype {
  const modules = space.modules.map((_, index) => {
    const own = depths[index] ?? []
    const isDrawn = (step: number, target: number): boolean =>
      step + 1 === own[target] || random.bernoulli(probability)
    const isSet = isLastPoseModule(space, index) ? withLastPoseRule(own, isDrawn) : isDrawn
    return {
      depths: own,
      fusion: Array.from({ length: Math.max(...own) }, (_step, step) =>
        own.map((_target, target) => own.map((_source, source) => (isSet(step, target, source) ? 1 : 0))),
      ),
    }
  })
  return canonicalGenotype({ modules })
}
