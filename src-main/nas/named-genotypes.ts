import { canonicalGenotype } from './canonical-genotype.ts'
import type { Genotype } from './genotype.types.ts'
import { isLastPoseModule, type SearchSpace } from './search-space.ts'

/** Shallowest depth everywhere and no optional fusion: the cheapest member. */
export function smallestGenotype(space: SearchSpace): Genotype {
  return createUniformGenotype(space, Math.min(...space.depthChoices), () => false)
}

/** Deepest everywhere with all fusions: the teacher. */
export function largestGenotype(space: SearchSpace): Genotype {
  return createUniformGenotype(space, space.maxDepth, () => true)
}

/**
 * HRNet as a member of the space (method.md 2.2, 11.3): depth 4 of 2 to 5, or the second largest of other depth sets, and all
 * fusions at the last step only. The baseline of every chart.
 */
export function hrnetGenotype(space: SearchSpace): Genotype {
  const depth = space.depthChoices.at(-2) ?? space.maxDepth
  return createUniformGenotype(space, depth, (step) => step === depth - 1)
}

/**
 * Brings a module's fusions in line with the rule for the last pose module (method.md 3.3); all other entries are kept.
 *
 * @param isSet - Whether source flows into target after a step, before the rule.
 * @returns The same question with the rule applied.
 */
export function withLastPoseRule(
  depths: readonly number[],
  isSet: (step: number, target: number, source: number) => boolean,
): (step: number, target: number, source: number) => boolean {
  return (step, target, source) => (step + 1 === depths[target] ? target === 0 : isSet(step, target, source))
}

function createUniformGenotype(
  space: SearchSpace,
  depth: number,
  isFused: (step: number) => boolean,
): Genotype {
  const modules = space.modules.map(({ branches }, index) => {
    const depths = new Array<number>(branches).fill(depth)
    const isSet = isLastPoseModule(space, index) ? withLastPoseRule(depths, isFused) : isFused
    return {
      depths,
      fusion: Array.from({ length: depth }, (_, step) =>
        depths.map((_depth, target) => depths.map((_same, source) => (isSet(step, target, source) ? 1 : 0))),
      ),
    }
  })
  return canonicalGenotype({ modules })
}
