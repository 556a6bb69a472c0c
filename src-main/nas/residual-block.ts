import type { PlanLocation } from './network-plan.types.ts'
import type { Feature, PlanBuilder } from './plan-builder.ts'

/** 3×3, norm, ReLU, 3×3, norm, add the input, ReLU; shape unchanged. Layers are `.conv1`, `.bn1`, `.conv2`, `.bn2` of the name. */
export function addResidualBlock(
  builder: PlanBuilder,
  input: Feature,
  name: string,
  location: PlanLocation,
): Feature {
  const layer = { channels: input.channels, kernel: 3 } as const
  const first = builder.conv(
    input,
    { ...layer, conv: `${name}.conv1`, norm: `${name}.bn1`, relu: true },
    location,
  )
  const second = builder.conv(first, { ...layer, conv: `${name}.conv2`, norm: `${name}.bn2` }, location)
  return builder.sumRelu([second, input], location)
}
