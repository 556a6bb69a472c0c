import { countCost, type Cost } from './cost.ts'
import type { NetworkPlan } from './network-plan.types.ts'

export interface BottomUpCost {
  readonly params: number
  /** As published: a deconvolution counts with its output size (method.md 4.1 rule 4). */
  readonly macs: number
  /** Work really done: the stride-2 deconvolution touches each output pixel with a quarter of its kernel. */
  readonly trueMacs: number
}

const DECONVOLUTION_KERNEL = 4
const DECONVOLUTION_STRIDE = 2
const RESIDUAL_BLOCKS = 4

/**
 * Cost of a top-down pose body with the HigherHRNet head (method.md 9.1, 9.6) in place of its `final_layer`: heat maps and tags at
 * stride 4, a deconvolution, four residual blocks and heat maps at stride 2. Published figures are MACs / 10^9.
 *
 * @param plan - Plan of the pose network; its outputs are the joints.
 * @throws RangeError if the plan does not end with the pose head.
 */
export function countBottomUpCost(plan: NetworkPlan): BottomUpCost {
  const finalLayer = plan.nodes.at(-1)
  if (finalLayer?.kind !== 'conv' || finalLayer.weight !== 'final_layer.weight') {
    throw new RangeError('bottom-up cost: the plan must end with the pose head final_layer')
  }
  const { inChannels: width, channels: joints } = finalLayer
  const coarsePixels = finalLayer.height * finalLayer.width
  const finePixels = coarsePixels * DECONVOLUTION_STRIDE ** 2
  const body = withoutFinalLayer(countCost(plan), width, joints, coarsePixels)

  const coarseWeights = width * 2 * joints
  const deconvolutionWeights = (width + 2 * joints) * width * DECONVOLUTION_KERNEL * DECONVOLUTION_KERNEL
  const blockWeights = RESIDUAL_BLOCKS * 2 * 9 * width * width
  const fineWeights = width * joints
  const biases = 2 * joints + joints
  const normParams = 2 * width * (1 + RESIDUAL_BLOCKS * 2)

  const macsWithoutDeconvolution =
    body.macs + coarseWeights * coarsePixels + (blockWeights + fineWeights) * finePixels
  const deconvolutionMacs = deconvolutionWeights * finePixels
  return {
    params:
      body.params + coarseWeights + deconvolutionWeights + blockWeights + fineWeights + biases + normParams,
    macs: macsWithoutDeconvolution + deconvolutionMacs,
    trueMacs: macsWithoutDeconvolution + deconvolutionMacs / DECONVOLUTION_STRIDE ** 2,
  }
}

function withoutFinalLayer(
  cost: Cost,
  width: number,
  joints: number,
  pixels: number,
): { params: number; macs: number } {
  const weights = width * joints
  return { params: cost.params - weights - joints, macs: cost.macs - weights * pixels }
}
