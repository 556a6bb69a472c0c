import {
  BOTTOM_UP_BLOCKS,
  BOTTOM_UP_DECONVOLUTION,
  BOTTOM_UP_OUTPUTS,
  blockName,
  bottomUpBlockName,
  BOTTLENECK_EXPANSION,
  branchChannels,
  fusionName,
  listFusionConvs,
  transitionName,
} from './layer-names.ts'
import type { NetworkPlan, NetworkShape, ParameterSpec } from './network-plan.types.ts'
import type { ModuleSpec, SearchSpace, StageSpec } from './search-space.ts'

/**
 * All tensors of a subnet in the order of execution: weights, biases and norm statistics of exactly the layers of the plan.
 */
export function planParameters(plan: NetworkPlan): ParameterSpec[] {
  return plan.nodes.flatMap((node) => {
    switch (node.kind) {
      case 'conv': {
        const { weight, bias, channels, inChannels, kernel } = node
        const shape = [channels, inChannels, kernel, kernel]
        const parameters: ParameterSpec[] = [{ name: weight, shape, kind: 'conv-weight' }]
        return bias === null
          ? parameters
          : [...parameters, { name: bias, shape: [channels], kind: 'conv-bias' as const }]
      }
      case 'deconv':
        return [deconv(node.weight, node.inChannels, node.channels)]
      case 'batch-norm':
        return norm(node.name, node.channels)
      default:
        return []
    }
  })
}

/** Whether an optimizer updates the tensor; running statistics are not trained. */
export function isTrainable({ kind }: ParameterSpec): boolean {
  return kind !== 'running-mean' && kind !== 'running-var'
}

/**
 * All tensors of the super-network in the official order (method.md 2.7): every block and one complete set of fusion layers per
 * step, also those of the last pose module that no genotype can use. `num_batches_tracked` is left out.
 */
export function supernetParameters(space: SearchSpace, shape: NetworkShape): ParameterSpec[] {
  return [
    ...stem(shape),
    ...layer1(shape),
    ...space.stages.flatMap((stage) => [
      ...transition(stage, shape),
      ...space.modules
        .filter((module) => module.stage === stage.stage)
        .flatMap((module) => [...blocks(module, space, shape), ...fusions(module, space, shape)]),
    ]),
    ...head(space, shape),
  ]
}

function stem({ stemChannels }: NetworkShape): ParameterSpec[] {
  return [
    conv('conv1', stemChannels, 3, 3),
    ...norm('bn1', stemChannels),
    conv('conv2', stemChannels, stemChannels, 3),
    ...norm('bn2', stemChannels),
  ]
}

function layer1({ stemChannels, layer1Blocks, layer1Planes: planes }: NetworkShape): ParameterSpec[] {
  const channels = BOTTLENECK_EXPANSION * planes
  return Array.from({ length: layer1Blocks }, (_, block) => {
    const name = `layer1.${String(block)}`
    const inChannels = block === 0 ? stemChannels : channels
    const hasShortcut = block === 0 && inChannels !== channels
    return [
      conv(`${name}.conv1`, planes, inChannels, 1),
      ...norm(`${name}.bn1`, planes),
      conv(`${name}.conv2`, planes, planes, 3),
      ...norm(`${name}.bn2`, planes),
      conv(`${name}.conv3`, channels, planes, 1),
      ...norm(`${name}.bn3`, channels),
      ...(hasShortcut
        ? [conv(`${name}.downsample.0`, channels, inChannels, 1), ...norm(`${name}.downsample.1`, channels)]
        : []),
    ]
  }).flat()
}

function transition({ stage, branches }: StageSpec, shape: NetworkShape): ParameterSpec[] {
  const newest = branches - 1
  const isFirst = stage === 2
  const channels = branchChannels(shape.baseWidth, newest)
  const inChannels = isFirst
    ? BOTTLENECK_EXPANSION * shape.layer1Planes
    : branchChannels(shape.baseWidth, newest - 1)
  const name = transitionName(stage, newest)
  const added = [conv(`${name}.0.0`, channels, inChannels, 3), ...norm(`${name}.0.1`, channels)]
  if (!isFirst) {
    return added
  }
  const base = transitionName(stage, 0)
  return [conv(`${base}.0`, shape.baseWidth, inChannels, 3), ...norm(`${base}.1`, shape.baseWidth), ...added]
}

function blocks(module: ModuleSpec, { maxDepth }: SearchSpace, { baseWidth }: NetworkShape): ParameterSpec[] {
  return range(module.branches).flatMap((branch) => {
    const channels = branchChannels(baseWidth, branch)
    return range(maxDepth).flatMap((block) => {
      const name = blockName(module.name, branch, block)
      return [
        conv(`${name}.conv1`, channels, channels, 3),
        ...norm(`${name}.bn1`, channels),
        conv(`${name}.conv2`, channels, channels, 3),
        ...norm(`${name}.bn2`, channels),
      ]
    })
  })
}

function fusions(
  module: ModuleSpec,
  { maxDepth }: SearchSpace,
  { baseWidth }: NetworkShape,
): ParameterSpec[] {
  const branches = range(module.branches)
  return range(maxDepth).flatMap((step) =>
    branches.flatMap((target) =>
      branches
        .filter((source) => source !== target)
        .flatMap((source) =>
          listFusionConvs(fusionName(module.name, step, target, source), baseWidth, target, source).flatMap(
            (layer) => [
              conv(layer.conv, layer.outChannels, layer.inChannels, layer.kernel),
              ...norm(layer.norm, layer.outChannels),
            ],
          ),
        ),
    ),
  )
}

function head({ stages }: SearchSpace, { task, baseWidth, outputs }: NetworkShape): ParameterSpec[] {
  if (task === 'pose') {
    return [conv('final_layer', outputs, baseWidth, 1), bias('final_layer', outputs)]
  }
  if (task === 'bottom-up-pose') {
    return bottomUpHead(baseWidth, outputs)
  }
  const branches = stages.at(-1)?.branches ?? 1
  const channels = range(branches).reduce((sum, branch) => sum + branchChannels(baseWidth, branch), 0)
  return [
    conv('last_layer.0', channels, channels, 1),
    bias('last_layer.0', channels),
    ...norm('last_layer.1', channels),
    conv('last_layer.3', outputs, channels, 1),
    bias('last_layer.3', outputs),
  ]
}

function bottomUpHead(width: number, joints: number): ParameterSpec[] {
  const [coarse, fine] = BOTTOM_UP_OUTPUTS
  return [
    conv(coarse, 2 * joints, width, 1),
    bias(coarse, 2 * joints),
    deconv(`${BOTTOM_UP_DECONVOLUTION.conv}.weight`, width + 2 * joints, width),
    ...norm(BOTTOM_UP_DECONVOLUTION.norm, width),
    ...range(BOTTOM_UP_BLOCKS).flatMap((block) => {
      const name = bottomUpBlockName(block)
      return [
        conv(`${name}.conv1`, width, width, 3),
        ...norm(`${name}.bn1`, width),
        conv(`${name}.conv2`, width, width, 3),
        ...norm(`${name}.bn2`, width),
      ]
    }),
    conv(fine, joints, width, 1),
    bias(fine, joints),
  ]
}

/** PyTorch's order of a transposed convolution: in, out, 4, 4. */
function deconv(name: string, inChannels: number, outChannels: number): ParameterSpec {
  return { name, shape: [inChannels, outChannels, 4, 4], kind: 'conv-weight' }
}

function conv(name: string, outChannels: number, inChannels: number, kernel: number): ParameterSpec {
  return { name: `${name}.weight`, shape: [outChannels, inChannels, kernel, kernel], kind: 'conv-weight' }
}

function bias(name: string, channels: number): ParameterSpec {
  return { name: `${name}.bias`, shape: [channels], kind: 'conv-bias' }
}

function norm(name: string, channels: number): ParameterSpec[] {
  const shape = [channels]
  return [
    { name: `${name}.weight`, shape, kind: 'norm-weight' },
    { name: `${name}.bias`, shape, kind: 'norm-bias' },
    { name: `${name}.running_mean`, shape, kind: 'running-mean' },
    { name: `${name}.running_var`, shape, kind: 'running-var' },
  ]
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
