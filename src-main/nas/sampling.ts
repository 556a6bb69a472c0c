import { canonicalModule } from './canonical-genotype.ts'
import { elementAt } from './element-at.ts'
import type { Genotype, ModuleGenotype } from './genotype.types.ts'
import { largestGenotype, smallestGenotype, withLastPoseRule } from './named-genotypes.ts'
import { createRandom, type UniformSource } from './random.ts'
import { depthPairs, isLastPoseModule, type SearchSpace } from './search-space.ts'

/** Bounds of one draw: every branch takes a depth of the list, every fusion is a coin. */
export interface SamplingGroup {
  readonly depthChoices: readonly number[]
  /** Probability of each optional fusion, in [0, 1]. */
  readonly fusionProbability: number
}

export interface SamplingTurn extends SamplingGroup {
  /** Position in the cycle, from 0. */
  readonly index: number
  readonly kind: 'smallest' | 'group' | 'largest' | 'uniform'
  /** For legends: 'smallest', 'p=0.5 depths 2-3', 'largest', 'uniform'. */
  readonly label: string
}

export type SamplingMode = 'grouped' | 'uniform' | 'sandwich'

export interface TrainingDraw {
  readonly genotype: Genotype
  readonly turn: SamplingTurn
}

/** The smallest turn of segmentation fuses now and then, in pose never [D 4]. */
const SMALLEST_TURN_FUSION = { pose: 0, 'bottom-up-pose': 0, segmentation: 0.1 } as const
/** A coin for every fusion: what uniform sampling means for bits. */
export const UNIFORM_FUSION = 0.5

/**
 * The cycle of grouped sampling (method.md 5.1): with the sandwich flag the smallest turn first, then every pair of a fusion rate
 * and a depth pair with the first pair last, then the largest; 11 turns for three rates and three pairs. Without the flag only
 * the pairs, in order.
 */
export function samplingTurns(
  space: SearchSpace,
  { sandwich = true }: { sandwich?: boolean } = {},
): SamplingTurn[] {
  const pairs = depthPairs(space)
  const groupCount = space.fusionRates.length * pairs.length
  const group = (index: number): SamplingTurn => {
    const combination = index % groupCount
    const depthChoices = elementAt(pairs, combination % pairs.length, 'depth pairs')
    const rate = elementAt(space.fusionRates, Math.floor(combination / pairs.length), 'fusion rates')
    return {
      index,
      kind: 'group',
      label: groupLabel(depthChoices, rate),
      depthChoices,
      fusionProbability: rate,
    }
  }
  if (!sandwich) {
    return Array.from({ length: groupCount }, (_, index) => group(index))
  }
  return [
    smallestTurn(space, 0, SMALLEST_TURN_FUSION[space.task]),
    ...Array.from({ length: groupCount }, (_, index) => group(index + 1)),
    largestTurn(space, groupCount + 1),
  ]
}

/** 'p=0.5 depths 2-3'; the name of a sampling group and of a stratum of the initial population. */
export function groupLabel(depthChoices: readonly number[], fusionProbability: number): string {
  const depths = [...new Set([Math.min(...depthChoices), Math.max(...depthChoices)])]
  return `p=${String(fusionProbability)} depths ${depths.join('-')}`
}

/**
 * Draws a member of a group (method.md 3.3): a depth for every branch, then for every target and step a row of coins. Fusion
 * into a branch happens only while it has blocks; the last pose module obeys its rule.
 *
 * @throws RangeError if a depth is not one of the space or the probability is not in [0, 1].
 */
export function sampleFromGroup(space: SearchSpace, group: SamplingGroup, random: UniformSource): Genotype {
  const { depthChoices, fusionProbability } = group
  if (depthChoices.length === 0 || !depthChoices.every((depth) => space.depthChoices.includes(depth))) {
    const allowed = space.depthChoices.join(', ')
    throw new RangeError(`sampling group: depths ${depthChoices.join(', ')} given, the space has ${allowed}`)
  }
  if (!(fusionProbability >= 0 && fusionProbability <= 1)) {
    throw new RangeError(
      `sampling group: fusion probability must be in [0, 1], got ${String(fusionProbability)}`,
    )
  }
  return {
    modules: space.modules.map(({ branches }, index) =>
      sampleModule(branches, group, random, isLastPoseModule(space, index)),
    ),
  }
}

/** Every depth equally likely, every fusion a fair coin. */
export function sampleUniform(space: SearchSpace, random: UniformSource): Genotype {
  return sampleFromGroup(
    space,
    { depthChoices: space.depthChoices, fusionProbability: UNIFORM_FUSION },
    random,
  )
}

/**
 * The subnet of one training iteration (method.md 5.2). Depends on its arguments alone, so a resumed run draws what the
 * undisturbed one draws.
 *
 * - `grouped`: turn = global iteration mod number of turns [D 15].
 * - `uniform`: {@link sampleUniform} at every iteration.
 * - `sandwich`: smallest, largest and two uniform draws in turn: the paper's rival, which sums the four in one step, spread over
 *   four steps so that equal iterations are equal work.
 *
 * @param options.iteration - Global index of the optimizer step, from 0.
 */
export function drawTrainingGenotype(
  space: SearchSpace,
  options: { readonly mode: SamplingMode; readonly runSeed: number | string; readonly iteration: number },
): TrainingDraw {
  const { mode, runSeed, iteration } = options
  if (!Number.isSafeInteger(iteration) || iteration < 0) {
    throw new RangeError(`iteration must be a non-negative integer, got ${String(iteration)}`)
  }
  const turns = trainingTurns(space, mode)
  const turn = elementAt(turns, iteration % turns.length, 'sampling turns')
  if (turn.kind === 'largest') {
    return { genotype: largestGenotype(space), turn }
  }
  if (turn.fusionProbability === 0 && turn.kind === 'smallest') {
    return { genotype: smallestGenotype(space), turn }
  }
  const random = createRandom(runSeed, 'training genotype', iteration)
  return { genotype: sampleFromGroup(space, turn, random), turn }
}

/** The cycle of turns of a sampling mode; training iteration k takes turn k mod length. */
export function trainingTurns(space: SearchSpace, mode: SamplingMode): SamplingTurn[] {
  switch (mode) {
    case 'grouped':
      return samplingTurns(space)
    case 'uniform':
      return [uniformTurn(space, 0)]
    case 'sandwich':
      return [smallestTurn(space, 0, 0), largestTurn(space, 1), uniformTurn(space, 2), uniformTurn(space, 3)]
    default: {
      const unknownMode: never = mode
      throw new RangeError(`sampling mode: grouped, uniform or sandwich, got ${String(unknownMode)}`)
    }
  }
}

function smallestTurn(space: SearchSpace, index: number, fusionProbability: number): SamplingTurn {
  const depthChoices = [Math.min(...space.depthChoices)]
  return { index, kind: 'smallest', label: 'smallest', depthChoices, fusionProbability }
}

function largestTurn(space: SearchSpace, index: number): SamplingTurn {
  return { index, kind: 'largest', label: 'largest', depthChoices: [space.maxDepth], fusionProbability: 1 }
}

function uniformTurn(space: SearchSpace, index: number): SamplingTurn {
  const { depthChoices } = space
  return { index, kind: 'uniform', label: 'uniform', depthChoices, fusionProbability: UNIFORM_FUSION }
}

function sampleModule(
  branches: number,
  { depthChoices, fusionProbability }: SamplingGroup,
  random: UniformSource,
  isLastOfPose: boolean,
): ModuleGenotype {
  const depths = Array.from({ length: branches }, () =>
    elementAt(depthChoices, Math.floor(random.next() * depthChoices.length), 'depth choices'),
  )
  const steps = Math.max(...depthChoices)
  // coins[target][step][source]: all are drawn, also those that the depth cuts off, as in the reference.
  const coins = depths.map(() =>
    Array.from({ length: steps }, () => depths.map(() => random.next() < fusionProbability)),
  )
  const isDrawn = (step: number, target: number, source: number): boolean =>
    coins[target]?.[step]?.[source] === true
  const isSet = isLastOfPose ? withLastPoseRule(depths, isDrawn) : isDrawn
  return canonicalModule({
    depths,
    fusion: Array.from({ length: steps }, (_, step) =>
      depths.map((_depth, target) => depths.map((_same, source) => (isSet(step, target, source) ? 1 : 0))),
    ),
  })
}
