import { EngineError } from '../../contract/index.ts'
import type { DatasetFacts, RunConfig, SubnetCost } from '../../contract/index.ts'
import { trainingInputSize } from '../../datasets/training-input-size.ts'
import { countCost } from '../../nas/cost.ts'
import { describeConstraintProblem, isFeasible } from '../../nas/evolution/constraints.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { largestGenotype, smallestGenotype } from '../../nas/named-genotypes.ts'
import { describeShapeProblem, planNetwork } from '../../nas/network-plan.ts'
import type { NetworkShape } from '../../nas/network-plan.types.ts'
import { createSearchSpace, describeSpaceProblem, evolvableModules } from '../../nas/search-space.ts'
import type { SearchSpace } from '../../nas/search-space.ts'

/** Joints and classes until the dataset says how many it has: CrowdPose's skeleton and CamVid's classes, as the presets. */
const DEFAULT_OUTPUTS = { pose: 14, 'bottom-up-pose': 14, segmentation: 11 } as const

/** A refused field with its dotted path, for the form to mark. */
export interface ConfigProblem {
  readonly field: string
  readonly message: string
}

/** What a configuration means for the search. */
export interface SearchSetup {
  readonly space: SearchSpace
  readonly shape: NetworkShape
  readonly smallest: SubnetCost
  readonly largest: SubnetCost
  costOf(genotype: Genotype): SubnetCost
  /** Within the optional bounds of the search. */
  isFeasible(genotype: Genotype): boolean
}

/** Joints or classes. */
export function countOutputs(config: RunConfig, dataset: DatasetFacts | null): number {
  const known =
    config.task === 'segmentation' ? dataset?.classes?.names.length : dataset?.skeleton?.joints.length
  return known ?? DEFAULT_OUTPUTS[config.task]
}

/** Everything about space, shape and bounds that a run would fail on later. Empty = usable. */
export function listSetupProblems(config: RunConfig, outputs: number): readonly ConfigProblem[] {
  const spaceProblem = describeSpaceProblem({ task: config.task, ...config.space })
  if (spaceProblem !== null) {
    return [{ field: 'space.layout', message: spaceProblem }]
  }
  const space = createSpace(config)
  const shapeProblem = describeShapeProblem(space, shapeOf(config, outputs))
  if (shapeProblem !== null) {
    return [{ field: 'network.inputHeight', message: shapeProblem }]
  }
  const cropProblem = describeCropProblem(config, space, outputs)
  if (cropProblem !== null) {
    return [{ field: 'segmentation.cropHeight', message: cropProblem }]
  }
  const bottomUpProblem = describeBottomUpProblem(config)
  if (bottomUpProblem !== null) {
    return [bottomUpProblem]
  }
  if (evolvableModules(space).length < 2) {
    return [
      {
        field: 'space.evolveLastModule',
        message: `Crossover needs at least 2 modules to choose from, this layout leaves ${String(evolvableModules(space).length)}. Add a module or turn on space.evolveLastModule.`,
      },
    ]
  }
  return listBoundProblems(config, createSearchSetup(config, outputs))
}

/** @throws EngineError BAD_REQUEST with every problem. */
export function requireSetup(config: RunConfig, outputs: number): SearchSetup {
  const problems = listSetupProblems(config, outputs)
  if (problems.length > 0) {
    const lines = problems.map((problem) => `${problem.field}: ${problem.message}`)
    throw new EngineError('BAD_REQUEST', lines.join('; '), lines)
  }
  return createSearchSetup(config, outputs)
}

/** @throws RangeError for a configuration that {@link listSetupProblems} refuses. */
export function createSearchSetup(config: RunConfig, outputs: number): SearchSetup {
  const space = createSpace(config)
  const shape = shapeOf(config, outputs)
  const costOf = (genotype: Genotype): SubnetCost => {
    const { params, macs } = countCost(planNetwork(space, shape, genotype))
    return { params, macs }
  }
  const { minMacs, maxMacs, maxParams } = config.search
  const hasBounds = minMacs !== null || maxMacs !== null || maxParams !== null
  return {
    space,
    shape,
    smallest: costOf(smallestGenotype(space)),
    largest: costOf(largestGenotype(space)),
    costOf,
    isFeasible: (genotype) => !hasBounds || isFeasible(config.search, costOf(genotype)),
  }
}

function createSpace(config: RunConfig): SearchSpace {
  return createSearchSpace({ task: config.task, ...config.space })
}

function shapeOf(config: RunConfig, outputs: number): NetworkShape {
  return { task: config.task, ...config.network, outputs }
}

/** Whole pictures are laid into a square (method.md 9.3); their scales are rounded to 64 pixels when scored. */
function describeBottomUpProblem({ task, network, bottomUp }: RunConfig): ConfigProblem | null {
  if (task !== 'bottom-up-pose') {
    return null
  }
  if (bottomUp === undefined) {
    return { field: 'bottomUp', message: 'bottom-up pose needs these settings; start from its preset' }
  }
  const { inputHeight, inputWidth } = network
  if (inputHeight !== inputWidth) {
    return {
      field: 'network.inputWidth',
      message: `bottom-up pose needs a square input, got ${String(inputHeight)}×${String(inputWidth)}`,
    }
  }
  return bottomUp.scaleMin > bottomUp.scaleMax
    ? { field: 'bottomUp.scaleMin', message: 'must not be above bottomUp.scaleMax' }
    : null
}

/** Training crops pass through the same strides as the network's input, and are cut out of it. */
function describeCropProblem(config: RunConfig, space: SearchSpace, outputs: number): string | null {
  const crop = trainingInputSize(config)
  const { inputHeight, inputWidth } = config.network
  if (crop.inputHeight > inputHeight || crop.inputWidth > inputWidth) {
    return `crops of ${String(crop.inputHeight)}×${String(crop.inputWidth)} do not fit into the input of ${String(inputHeight)}×${String(inputWidth)}`
  }
  return describeShapeProblem(space, { ...shapeOf(config, outputs), ...crop })
}

/** A range that no network of the space can meet is refused with both ends of the space (method.md 7.5). */
function listBoundProblems({ search }: RunConfig, { smallest, largest }: SearchSetup): ConfigProblem[] {
  const message = describeConstraintProblem(search, smallest, largest)
  return message === null ? [] : [{ field: boundAtFault(search, smallest), message }]
}

function boundAtFault(search: RunConfig['search'], smallest: SubnetCost): string {
  if (search.maxMacs !== null && search.maxMacs < smallest.macs) {
    return 'search.maxMacs'
  }
  return search.maxParams !== null && search.maxParams < smallest.params
    ? 'search.maxParams'
    : 'search.minMacs'
}
