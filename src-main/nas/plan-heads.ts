import { elementAt } from './element-at.ts'
import {
  BOTTOM_UP_BLOCKS,
  BOTTOM_UP_DECONVOLUTION,
  BOTTOM_UP_OUTPUTS,
  bottomUpBlockName,
} from './layer-names.ts'
import type { NetworkShape, PlanLocation, PlanOutput } from './network-plan.types.ts'
import type { Feature, PlanBuilder } from './plan-builder.ts'
import { addResidualBlock } from './residual-block.ts'

/** What each task has at the end (method.md 2.1, 9.1); every subnet has all of it. */
export function addHead(
  builder: PlanBuilder,
  shape: NetworkShape,
  branches: readonly Feature[],
): readonly PlanOutput[] {
  switch (shape.task) {
    case 'pose':
      return [addPoseHead(builder, shape, branches)]
    case 'segmentation':
      return [addSegmentationHead(builder, shape, branches)]
    case 'bottom-up-pose':
      return addBottomUpHead(builder, shape, branches)
    default:
      return shape.task satisfies never
  }
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

/**
 * HigherHRNet's head on branch 0: [H/4, W/4, 2 · joints] (heat maps, then tags); that and branch 0 deconvolved to twice the size,
 * four residual blocks → [H/2, W/2, joints].
 */
function addBottomUpHead(
  builder: PlanBuilder,
  { outputs: joints, baseWidth }: NetworkShape,
  branches: readonly Feature[],
): readonly Feature[] {
  const location = headLocation(branches.length, 0)
  const output = { norm: null, kernel: 1, bias: true } as const
  const features = elementAt(branches, 0, 'branches')
  const coarse = builder.conv(
    features,
    { ...output, conv: BOTTOM_UP_OUTPUTS[0], channels: 2 * joints },
    location,
  )
  let fine = builder.deconv(
    builder.concat([features, coarse], location),
    { ...BOTTOM_UP_DECONVOLUTION, channels: baseWidth },
    location,
  )
  for (let block = 0; block < BOTTOM_UP_BLOCKS; block += 1) {
    fine = addResidualBlock(builder, fine, bottomUpBlockName(block), location)
  }
  return [coarse, builder.conv(fine, { ...output, conv: BOTTOM_UP_OUTPUTS[1], channels: joints }, location)]
}
