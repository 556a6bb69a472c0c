import { elementAt } from './element-at.ts'
import { BOTTLENECK_EXPANSION, branchChannels, transitionName } from './layer-names.ts'
import type { NetworkShape, PlanLocation } from './network-plan.types.ts'
import type { Feature, PlanBuilder } from './plan-builder.ts'
import type { StageSpec } from './search-space.ts'

/** The parts that belong to every subnet: stem, layer1, transitions (method.md 2.1). */

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
export function addStem(builder: PlanBuilder, { stemChannels }: NetworkShape, input: Feature): Feature {
  const layer = { channels: stemChannels, kernel: 3, stride: 2, relu: true } as const
  const half = builder.conv(input, { ...layer, conv: 'conv1', norm: 'bn1' }, STEM)
  return builder.conv(half, { ...layer, conv: 'conv2', norm: 'bn2' }, STEM)
}

/** Bottlenecks at stride 4: [.., stemChannels] → [.., 4 · planes]. */
export function addLayer1(builder: PlanBuilder, shape: NetworkShape, stem: Feature): Feature {
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
export function addTransition(
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
