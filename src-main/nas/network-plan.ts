import { elementAt } from './element-at.ts'
import type { Genotype, ModuleGenotype } from './genotype.types.ts'
import {
  blockName,
  BOTTLENECK_EXPANSION,
  branchChannels,
  fusionName,
  listFusionConvs,
  transitionName,
} from './layer-names.ts'
import { liveNodes } from './live-nodes.ts'
import { planParameters, supernetParameters } from './network-parameters.ts'
import type { NetworkPlan, NetworkShape, PlanLocation, ValueId } from './network-plan.types.ts'
import { PlanBuilder, type Feature } from './plan-builder.ts'
import type { ModuleSpec, SearchSpace, StageSpec } from './search-space.ts'

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
  const output =
    shape.task === 'pose'
      ? addPoseHead(builder, shape, branches)
      : addSegmentationHead(builder, shape, branches)
  return {
    input: { height: shape.inputHeight, width: shape.inputWidth, channels: 3 },
    nodes: builder.nodes,
    output: output.value,
    outputChannels: output.channels,
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

const STEM: PlanLocation = {
  part: 'stem',
  stage: 1,
  module: 0,
  branch: 0,
  step: -1,
  source: -1,
  role: 'stem',
}

/** input [H, W, 3] → [H/4, W/4, stemChannels]. */
function addStem(builder: PlanBuilder, { stemChannels }: NetworkShape, input: Feature): Feature {
  const layer = { channels: stemChannels, kernel: 3, stride: 2, relu: true } as const
  const half = builder.conv(input, { ...layer, conv: 'conv1', norm: 'bn1' }, STEM)
  return builder.conv(half, { ...layer, conv: 'conv2', norm: 'bn2' }, STEM)
}

/** Bottlenecks at stride 4: [.., stemChannels] → [.., 4 · planes]. */
function addLayer1(builder: PlanBuilder, shape: NetworkShape, stem: Feature): Feature {
  const planes = shape.layer1Planes
  const channels = BOTTLENECK_EXPANSION * planes
  let feature = stem
  for (let block = 0; block < shape.layer1Blocks; block += 1) {
    const name = `layer1.${String(block)}`
    const location = { ...STEM, part: 'layer1', module: block, role: 'block' } as const
    const reduced = builder.conv(
      feature,
      { conv: `${name}.conv1`, norm: `${name}.bn1`, channels: planes, kernel: 1, relu: true },
      location,
    )
    const filtered = builder.conv(
      reduced,
      { conv: `${name}.conv2`, norm: `${name}.bn2`, channels: planes, kernel: 3, relu: true },
      location,
    )
    const expanded = builder.conv(
      filtered,
      { conv: `${name}.conv3`, norm: `${name}.bn3`, channels, kernel: 1 },
      location,
    )
    const shortcut = needsShortcut(block, feature.channels, channels)
      ? builder.conv(
          feature,
          { conv: `${name}.downsample.0`, norm: `${name}.downsample.1`, channels, kernel: 1 },
          location,
        )
      : feature
    feature = builder.sumRelu([expanded, shortcut], location)
  }
  return feature
}

/** Only the first bottleneck can change the number of channels. */
function needsShortcut(block: number, inChannels: number, outChannels: number): boolean {
  return block === 0 && inChannels !== outChannels
}

/** Makes the one branch that the stage has more than the stage before; into stage 2 both branches are made from layer1. */
function addTransition(
  builder: PlanBuilder,
  { baseWidth }: NetworkShape,
  { stage, branches }: StageSpec,
  before: readonly Feature[],
): Feature[] {
  const last = elementAt(before, before.length - 1, 'branches before a transition')
  const convolve = (name: string, branch: number, stride: 1 | 2): Feature =>
    builder.conv(
      last,
      {
        conv: `${name}.0`,
        norm: `${name}.1`,
        channels: branchChannels(baseWidth, branch),
        kernel: 3,
        stride,
        relu: true,
      },
      { part: 'transition', stage, module: 0, branch, step: -1, source: -1, role: 'transition' },
    )
  const isFirst = stage === 2
  const kept = isFirst ? [convolve(transitionName(stage, 0), 0, 1)] : before
  const newest = branches - 1
  return [...kept, convolve(`${transitionName(stage, newest)}.0`, newest, 2)]
}

/** method.md 2.2: per step one block on each branch still active, then the fusions, which all read this step's branches. */
function addModule(
  builder: PlanBuilder,
  shape: NetworkShape,
  module: ModuleSpec,
  { depths, fusion }: ModuleGenotype,
  before: readonly Feature[],
): Feature[] {
  let branches = [...before]
  for (const [step, targets] of fusion.entries()) {
    branches = branches.map((feature, branch) =>
      step < elementAt(depths, branch, 'depths') ? addBlock(builder, module, branch, step, feature) : feature,
    )
    branches = branches.map((feature, target, sources) => {
      const row = elementAt(targets, target, 'fusion targets')
      const fused = sources.map((source, index) =>
        index !== target && row[index] === 1
          ? addFusion(builder, shape, module, { step, target, source: index }, source)
          : null,
      )
      return addMerge(builder, module, step, target, feature, fused)
    })
  }
  return branches
}

/** 3×3, norm, ReLU, 3×3, norm, add the input, ReLU. */
function addBlock(
  builder: PlanBuilder,
  module: ModuleSpec,
  branch: number,
  step: number,
  feature: Feature,
): Feature {
  const name = blockName(module.name, branch, step)
  const location = stageLocation(module, { branch, step, source: -1, role: 'block' })
  const layer = { channels: feature.channels, kernel: 3 } as const
  const first = builder.conv(
    feature,
    { ...layer, conv: `${name}.conv1`, norm: `${name}.bn1`, relu: true },
    location,
  )
  const second = builder.conv(first, { ...layer, conv: `${name}.conv2`, norm: `${name}.bn2` }, location)
  return builder.sumRelu([second, feature], location)
}

/** Brings a source branch to the size and channels of a target. */
function addFusion(
  builder: PlanBuilder,
  { baseWidth }: NetworkShape,
  module: ModuleSpec,
  edge: { readonly step: number; readonly target: number; readonly source: number },
  feature: Feature,
): Feature {
  const { step, target, source } = edge
  const location = stageLocation(module, { branch: target, step, source, role: 'fusion' })
  const isUp = source > target
  let converted = feature
  for (const layer of listFusionConvs(
    fusionName(module.name, step, target, source),
    baseWidth,
    target,
    source,
  )) {
    const { conv, norm, kernel, stride, relu, outChannels } = layer
    converted = builder.conv(
      converted,
      { conv, norm, kernel, stride, relu, channels: outChannels, isUpFusion: isUp },
      location,
    )
  }
  return isUp ? builder.upsample(converted, 'nearest', 2 ** (source - target), location) : converted
}

/**
 * relu(own + fused), in the official order of addition: if branch 0 flows in, sources ascend with the target at its own place; else
 * the target comes first.
 *
 * @param fused - Converted source features by source branch; null where nothing flows.
 */
function addMerge(
  builder: PlanBuilder,
  module: ModuleSpec,
  step: number,
  target: number,
  own: Feature,
  fused: readonly (Feature | null)[],
): Feature {
  const isPresent = (feature: Feature | null): feature is Feature => feature !== null
  if (!fused.some(isPresent)) {
    return own
  }
  const isOwnInPlace = target > 0 && fused[0] !== null
  const inputs = isOwnInPlace
    ? fused.map((feature, source) => (source === target ? own : feature)).filter(isPresent)
    : [own, ...fused.filter(isPresent)]
  return builder.sumRelu(inputs, stageLocation(module, { branch: target, step, source: -1, role: 'merge' }))
}

function stageLocation(
  { stage, index }: ModuleSpec,
  place: Pick<PlanLocation, 'branch' | 'step' | 'source' | 'role'>,
): PlanLocation {
  const { branch, step, source, role } = place
  return { part: 'stage', stage, module: index, branch, step, source, role }
}

function headLocation(stage: number, branch: number): PlanLocation {
  return { part: 'head', stage, module: 0, branch, step: -1, source: -1, role: 'head' }
}

/** Branch 0 → [H/4, W/4, joints]. */
function addPoseHead(builder: PlanBuilder, shape: NetworkShape, branches: readonly Feature[]): Feature {
  return builder.conv(
    elementAt(branches, 0, 'branches'),
    { conv: 'final_layer', norm: null, channels: shape.outputs, kernel: 1, bias: true },
    headLocation(branches.length, 0),
  )
}

/** All branches up-sampled to H/4 × W/4 and concatenated, two 1×1 convolutions → [H/4, W/4, classes]. */
function addSegmentationHead(
  builder: PlanBuilder,
  shape: NetworkShape,
  branches: readonly Feature[],
): Feature {
  const stage = branches.length
  const resized = branches.map((feature, branch) =>
    branch === 0 ? feature : builder.upsample(feature, 'bilinear', 2 ** branch, headLocation(stage, branch)),
  )
  const location = headLocation(stage, 0)
  const all = builder.concat(resized, location)
  const mixed = builder.conv(
    all,
    {
      conv: 'last_layer.0',
      norm: 'last_layer.1',
      channels: all.channels,
      kernel: 1,
      bias: true,
      relu: true,
    },
    location,
  )
  return builder.conv(
    mixed,
    { conv: 'last_layer.3', norm: null, channels: shape.outputs, kernel: 1, bias: true },
    location,
  )
}
