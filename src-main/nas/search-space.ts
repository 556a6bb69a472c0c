import { elementAt } from './element-at.ts'

/** `pose`: one person a crop; `bottom-up-pose`: whole pictures, heat maps and tags at two resolutions (method.md part 9). */
export type TaskKind = 'pose' | 'segmentation' | 'bottom-up-pose'

export interface StageSpec {
  /** 'stage2', 'stage3', … as in the official parameter names. */
  readonly name: string
  /** 1-based as in the papers; searched stages start at 2. */
  readonly stage: number
  readonly branches: number
  /** How many modules the stage has. */
  readonly modules: number
}

export interface ModuleSpec {
  /** 'stage3.1': stage and index in the stage, as in the official parameter names. */
  readonly name: string
  readonly stage: number
  /** 0-based in its stage. */
  readonly index: number
  readonly branches: number
}

/** All choices allowed (method.md 3.1): per module the depth choices of each branch and every fusion between two branches. */
export interface SearchSpace {
  readonly task: TaskKind
  readonly stages: readonly StageSpec[]
  /** All modules in the order of a genotype. */
  readonly modules: readonly ModuleSpec[]
  /** Allowed residual blocks per branch, ascending and consecutive. */
  readonly depthChoices: readonly number[]
  readonly maxDepth: number
  /** Whether crossover and mutation touch the last module [D 9]. */
  readonly evolveLastModule: boolean
  /** Fusion probabilities of the grouped sampling, in the order of the turns. */
  readonly fusionRates: readonly number[]
}

export interface SearchSpaceOptions {
  readonly task: TaskKind
  /** [branches, modules] of stage 2, 3, …; branches must be 2, 3, …. */
  readonly layout: readonly (readonly [branches: number, modules: number])[]
  readonly depthChoices: readonly number[]
  readonly evolveLastModule: boolean
  /** Default 0.2, 0.5, 0.8. */
  readonly fusionRates?: readonly number[]
}

export const OFFICIAL_LAYOUT: SearchSpaceOptions['layout'] = [
  [2, 1],
  [3, 4],
  [4, 3],
]
export const OFFICIAL_DEPTHS: readonly number[] = [2, 3, 4, 5]
export const OFFICIAL_FUSION_RATES: readonly number[] = [0.2, 0.5, 0.8]

/** A depth is one digit of the genotype key. */
export const LARGEST_DEPTH = 9
/** Stage 1 is the bottleneck layer behind the stem; the first searched stage is stage 2. */
const FIRST_STAGE = 2

/**
 * @throws RangeError with the sentence of {@link describeSpaceProblem}.
 */
export function createSearchSpace(options: SearchSpaceOptions): SearchSpace {
  const problem = describeSpaceProblem(options)
  if (problem !== null) {
    throw new RangeError(problem)
  }
  const stages = options.layout.map(([branches, modules], position): StageSpec => {
    const stage = FIRST_STAGE + position
    return { name: `stage${String(stage)}`, stage, branches, modules }
  })
  return {
    task: options.task,
    stages,
    modules: stages.flatMap(({ name, stage, branches, modules }) =>
      Array.from({ length: modules }, (_, index) => ({
        name: `${name}.${String(index)}`,
        stage,
        index,
        branches,
      })),
    ),
    depthChoices: [...options.depthChoices],
    maxDepth: Math.max(...options.depthChoices),
    evolveLastModule: options.evolveLastModule,
    fusionRates: [...(options.fusionRates ?? OFFICIAL_FUSION_RATES)],
  }
}

/** The space of the papers: modules 1 + 4 + 3 with 2, 3, 4 branches, depths 2 to 5. */
export function officialSpace(task: TaskKind): SearchSpace {
  return createSearchSpace({
    task,
    layout: OFFICIAL_LAYOUT,
    depthChoices: OFFICIAL_DEPTHS,
    evolveLastModule: false,
  })
}

/** Why these options give no search space, as a sentence that says what was given and what is allowed; null if they do. */
export function describeSpaceProblem(options: SearchSpaceOptions): string | null {
  const { layout, depthChoices, fusionRates = OFFICIAL_FUSION_RATES } = options
  const layoutText = layout.map((stage) => stage.join(':')).join(', ')
  if (layout.length === 0 || layout.some(([branches], position) => branches !== FIRST_STAGE + position)) {
    return `layout: stages must have 2, 3, 4, … branches in this order, got "${layoutText}" (branches:modules)`
  }
  if (layout.some(([, modules]) => !Number.isInteger(modules) || modules < 1)) {
    return `layout: every stage needs at least one module, got "${layoutText}" (branches:modules)`
  }
  const isDepth = (depth: number): boolean => Number.isInteger(depth) && depth >= 1 && depth <= LARGEST_DEPTH
  const isConsecutive = depthChoices.every((depth, index) => depth === (depthChoices[0] ?? 0) + index)
  if (depthChoices.length === 0 || !depthChoices.every(isDepth) || !isConsecutive) {
    return `depth choices must be ascending, consecutive integers from 1 to 9, got ${depthChoices.join(', ')}`
  }
  if (fusionRates.length === 0 || !fusionRates.every((rate) => rate >= 0 && rate <= 1)) {
    return `fusion rates must be probabilities from 0 to 1, at least one, got ${fusionRates.join(', ')}`
  }
  return null
}

/**
 * Whether a module is the last one of a pose network, whose own last steps are fixed (method.md 3.3): everything flows into
 * branch 0, nothing into the others, because both pose heads read branch 0 only.
 */
export function isLastPoseModule(space: SearchSpace, moduleIndex: number): boolean {
  return space.task !== 'segmentation' && moduleIndex === space.modules.length - 1
}

/** Indices of the modules that crossover and mutation may change. */
export function evolvableModules(space: SearchSpace): number[] {
  const count = space.evolveLastModule ? space.modules.length : space.modules.length - 1
  return Array.from({ length: count }, (_, index) => index)
}

/** Neighbouring pairs of the depth choices, e.g. [2,3], [3,4], [4,5]; the groups of sampling and of the initial strata. */
export function depthPairs(space: SearchSpace): readonly (readonly number[])[] {
  const { depthChoices } = space
  return depthChoices.length === 1
    ? [depthChoices]
    : depthChoices.slice(1).map((deeper, index) => [elementAt(depthChoices, index, 'depth choices'), deeper])
}

export interface SpaceSize {
  readonly exact: bigint
  readonly log10: number
}

/**
 * Number of different genotypes (method.md 3.6): a branch among n has sum over d of 2^((n-1) d) states, in the last pose module,
 * whose last own step is fixed, 2^((n-1)(d-1)).
 */
export function countSpaceSize(space: SearchSpace): SpaceSize {
  let exact = 1n
  for (const [index, module] of space.modules.entries()) {
    const fixedSteps = isLastPoseModule(space, index) ? 1 : 0
    const branchStates = space.depthChoices
      .map((depth) => 2n ** BigInt((module.branches - 1) * (depth - fixedSteps)))
      .reduce((sum, states) => sum + states)
    exact *= branchStates ** BigInt(module.branches)
  }
  return { exact, log10: bigLog10(exact) }
}

/** log10 of a positive integer of any size, right to about 15 digits. */
function bigLog10(value: bigint): number {
  const digits = value.toString()
  const leading = digits.slice(0, 17)
  return Math.log10(Number(leading)) + (digits.length - leading.length)
}
