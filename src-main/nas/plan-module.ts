import { elementAt } from './element-at.ts'
import type { ModuleGenotype } from './genotype.types.ts'
import { blockName, fusionName, listFusionConvs } from './layer-names.ts'
import type { NetworkShape, PlanLocation } from './network-plan.types.ts'
import type { Feature, PlanBuilder } from './plan-builder.ts'
import { addResidualBlock } from './residual-block.ts'
import type { ModuleSpec } from './search-space.ts'

/** method.md 2.2: per step one block on each branch still active, then the fusions, which all read this step's branches. */
export function addModule(
  builder: PlanBuilder,
  shape: NetworkShape,
  module: ModuleSpec,
  { depths, fusion }: ModuleGenotype,
  before: readonly Feature[],
): Feature[] {
  let branches = [...before]
  for (const [step, targets] of fusion.entries()) {
    branches = branches.map((feature, branch) =>
      step < elementAt(depths, branch, 'depths')
        ? addResidualBlock(
            builder,
            feature,
            blockName(module.name, branch, step),
            stageLocation(module, { branch, step, source: -1, role: 'block' }),
          )
        : feature,
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

/** Brings a source branch to the size and channels of a target. */
function addFusion(
  builder: PlanBuilder,
  { baseWidth, upFusion = 'nearest' }: NetworkShape,
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
  return isUp ? builder.upsample(converted, upFusion, 2 ** (source - target), location) : converted
}

/**
 * relu(own + fused), in the official order of addition: if branch 0 flows in, sources ascend with the target at its own place; else
 * the target comes first.
 *
 * @param fused - Converted source features by source branch; null where nothing flows, always for the target itself.
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
  const isOwnInPlace = fused[0] !== null
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
