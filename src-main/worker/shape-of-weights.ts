import { EngineError } from '../contract/index.ts'
import type { TaskKind } from '../contract/index.ts'
import type { NetworkShape } from '../nas/network-plan.types.ts'
import type { WeightMap } from '../supernet/weights.ts'

type WeightsShape = Omit<NetworkShape, 'inputHeight' | 'inputWidth'>

/** The tensors whose sizes are free (method.md 2.1, 2.7); all others follow. */
const STEM = 'conv1.weight'
const LAYER1_PLANES = 'layer1.0.conv1.weight'
const FIRST_BRANCH = 'transition1.0.0.weight'
const HEAD = {
  pose: 'final_layer.weight',
  segmentation: 'last_layer.3.weight',
  'bottom-up-pose': 'final_layers.1.weight',
} as const

/**
 * Reads width, stem and outputs off the weights.
 *
 * @param wanted - What the caller says; null asks for nothing.
 * @throws EngineError BAD_REQUEST if a tensor that shows a size is missing, or if the caller says otherwise.
 */
export function shapeOfWeights(
  task: TaskKind,
  weights: WeightMap,
  wanted: { readonly baseWidth: number | null; readonly outputs: number | null },
): WeightsShape {
  const shape: WeightsShape = {
    task,
    baseWidth: outChannels(weights, FIRST_BRANCH),
    stemChannels: outChannels(weights, STEM),
    layer1Blocks: countLayer1Blocks(weights),
    layer1Planes: outChannels(weights, LAYER1_PLANES),
    outputs: outChannels(weights, HEAD[task]),
  }
  const { baseWidth, outputs } = wanted
  if (baseWidth !== null && baseWidth !== shape.baseWidth) {
    throw new EngineError(
      'BAD_REQUEST',
      `The weights are of width ${shape.baseWidth}, asked for is ${baseWidth}.`,
    )
  }
  if (outputs !== null && outputs !== shape.outputs) {
    const what = task === 'segmentation' ? 'classes' : 'joints'
    throw new EngineError(
      'BAD_REQUEST',
      `The weights have ${shape.outputs} ${what}, asked for are ${outputs}.`,
    )
  }
  return shape
}

function outChannels(weights: WeightMap, name: string): number {
  const channels = weights.get(name)?.shape[0]
  if (channels === undefined || channels < 1) {
    const found = [...weights.keys()].slice(0, 5).join(', ')
    throw new EngineError(
      'BAD_REQUEST',
      `The weights lack ${name}, so they are not of this task or not of a ScaleNAS network; they hold ${weights.size} tensors${found === '' ? '' : `: ${found}, …`}`,
    )
  }
  return channels
}

function countLayer1Blocks(weights: WeightMap): number {
  let blocks = 0
  while (weights.has(`layer1.${blocks}.conv1.weight`)) {
    blocks += 1
  }
  return blocks
}
