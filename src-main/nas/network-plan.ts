import { elementAt } from './element-at.ts'
import type { Genotype } from './genotype.types.ts'
import { liveNodes } from './live-nodes.ts'
import { planParameters, supernetParameters } from './network-parameters.ts'
import type { NetworkPlan, NetworkShape, ValueId } from './network-plan.types.ts'
import { PlanBuilder, type Feature } from './plan-builder.ts'
import { addHead } from './plan-heads.ts'
import { addLayer1, addStem, addTransition } from './plan-ends.ts'
import { addModule } from './plan-module.ts'
import type { SearchSpace } from './search-space.ts'

export { liveNodes, planParameters, supernetParameters }

/** The stem halves the input twice, each further branch halves once more. */
const STEM_STRIDE = 4

/**
 * Unrolls a genotype into typed layers with shapes (method.md 2.1, 2.2) under their official names (2.7). Holds exactly the layers
 * that one forward pass executes; in the last pose module that includes layers without influence on the output ({@link liveNodes}).
 *
 * - A branch that takes no fusion at a step passes on without a node: its values are already ≥ 0, so the ReLU changes nothing.
 * - Inputs of a fusion sum stand in the official order of addition (2.2), so float32 results can agree to the last bit.
 *
 * @param genotype - In canonical form and of this space.
 * @throws RangeError with the sentence of {@link describeShapeProblem}, or if the genotype is not of the space.
 */
export function planNetwork(space: SearchSpace, shape: NetworkShape, genotype: Genotype): NetworkPlan {
  const problem = describeShapeProblem(space, shape)
  if (problem !== null) {
    throw new RangeError(problem)
  }
  requireLayout(space, genotype)
  const builder = new PlanBuilder()
  const input: Feature = { value: 0, height: shape.inputHeight, width: shape.inputWidth, channels: 3 }
  let branches = [addLayer1(builder, shape, addStem(builder, shape, input))]
  const taps: Record<string, readonly ValueId[]> = { layer1: branches.map((branch) => branch.value) }
  for (const stage of space.stages) {
    branches = addTransition(builder, shape, stage, branches)
    for (const [index, module] of space.modules.entries()) {
      if (module.stage === stage.stage) {
        const choices = elementAt(genotype.modules, index, 'genotype modules')
        branches = addModule(builder, shape, module, choices, branches)
      }
    }
    taps[stage.name] = branches.map((branch) => branch.value)
  }
  const outputs = addHead(builder, shape, branches)
  return {
    input: { height: shape.inputHeight, width: shape.inputWidth, channels: 3 },
    nodes: builder.nodes,
    outputs,
    taps,
  }
}

/** Why a space cannot be built in this shape, as a sentence; null if it can. Sizes are height × width in pixels. */
export function describeShapeProblem(space: SearchSpace, shape: NetworkShape): string | null {
  if (space.task !== shape.task) {
    return `network: the search space is for ${space.task}, the shape for ${shape.task}`
  }
  const { inputHeight, inputWidth, baseWidth, stemChannels, layer1Blocks, layer1Planes, outputs } = shape
  const counts = { baseWidth, stemChannels, layer1Blocks, layer1Planes, outputs, inputHeight, inputWidth }
  for (const [name, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 1) {
      return `network: ${name} must be a positive integer, got ${String(count)}`
    }
  }
  const branches = space.stages.at(-1)?.branches ?? 1
  const multiple = STEM_STRIDE * 2 ** (branches - 1)
  if (inputHeight % multiple !== 0 || inputWidth % multiple !== 0) {
    const size = `${String(inputHeight)}×${String(inputWidth)}`
    return (
      `input ${size} is not possible with ${String(branches)} branches: height and width must be multiples of ` +
      `${String(multiple)}, else the down path rounds up and the nearest up path has another size`
    )
  }
  return null
}

function requireLayout(space: SearchSpace, genotype: Genotype): void {
  if (genotype.modules.length !== space.modules.length) {
    const given = String(genotype.modules.length)
    throw new RangeError(`genotype has ${given} modules, the search space ${String(space.modules.length)}`)
  }
  for (const [index, { name, branches }] of space.modules.entries()) {
    const { depths, fusion } = elementAt(genotype.modules, index, 'genotype modules')
    if (depths.length !== branches || depths.some((depth) => !space.depthChoices.includes(depth))) {
      const allowed = space.depthChoices.join(', ')
      const needs = `${String(branches)} depths out of ${allowed}`
      throw new RangeError(`genotype: ${name} has depths ${depths.join(', ')}, needs ${needs}`)
    }
    if (fusion.length !== Math.max(...depths)) {
      const needs = String(Math.max(...depths))
      throw new RangeError(`genotype: ${name} has ${String(fusion.length)} fusion steps, needs ${needs}`)
    }
  }
}
