import type { Genotype } from '../../../src-main/nas/genotype.ts'
import type { NetworkShape } from '../../../src-main/nas/network-plan.types.ts'
import type { SearchSpace } from '../../../src-main/nas/search-space.ts'

/**
 * The cost model as closed forms per block and per fusion (method.md 4.1 to 4.3), written without the network plan: the independent
 * oracle of `countCost`. A cost is [params, macs].
 */
export type Pair = readonly [params: number, macs: number]

export interface LinearCost {
  readonly fixed: Pair
  block(branch: number): Pair
  fusion(target: number, source: number): Pair
}

export function linearCost(space: SearchSpace, shape: NetworkShape): LinearCost {
  const pixels = (branch: number): number => (shape.inputHeight * shape.inputWidth) / 16 / 4 ** branch
  const channels = (branch: number): number => shape.baseWidth * 2 ** branch
  const conv = (kernel: number, from: number, to: number, at: number, norm = true): Pair => [
    kernel * kernel * from * to + (norm ? 2 * to : to),
    kernel * kernel * from * to * at,
  ]
  const branches = space.stages.at(-1)?.branches ?? 0
  return {
    fixed: sum([
      conv(3, 3, shape.stemChannels, pixels(0) * 4),
      conv(3, shape.stemChannels, shape.stemChannels, pixels(0)),
      ...Array.from({ length: shape.layer1Blocks }, (_, block) =>
        bottleneck(shape, block, (kernel, from, to) => conv(kernel, from, to, pixels(0))),
      ),
      conv(3, 4 * shape.layer1Planes, channels(0), pixels(0)),
      conv(3, 4 * shape.layer1Planes, channels(1), pixels(1)),
      ...Array.from({ length: branches - 2 }, (_, index) =>
        conv(3, channels(index + 1), channels(index + 2), pixels(index + 2)),
      ),
      head(shape, branches, pixels(0)),
    ]),
    block: (branch) => sum([0, 1].map(() => conv(3, channels(branch), channels(branch), pixels(branch)))),
    fusion: (target, source) =>
      source > target
        ? conv(1, channels(source), channels(target), pixels(source))
        : sum(
            Array.from({ length: target - source }, (_, q) => {
              const at = source + q + 1
              return conv(
                3,
                channels(source),
                at === target ? channels(target) : channels(source),
                pixels(at),
              )
            }),
          ),
  }
}

export function linearCostOf(cost: LinearCost, genotype: Genotype): Pair {
  const branches = [0, 1, 2, 3]
  const blocks = branches.map((branch) => cost.block(branch))
  const fusions = branches.map((target) =>
    branches.map((source) => (source === target ? ([0, 0] as const) : cost.fusion(target, source))),
  )
  let [params, macs] = cost.fixed
  const add = (pair: Pair | undefined, times: number): void => {
    params += (pair?.[0] ?? NaN) * times
    macs += (pair?.[1] ?? NaN) * times
  }
  for (const { depths, fusion } of genotype.modules) {
    for (const [branch, depth] of depths.entries()) {
      add(blocks[branch], depth)
    }
    for (const targets of fusion) {
      for (const [target, sources] of targets.entries()) {
        for (const [source, bit] of sources.entries()) {
          add(fusions[target]?.[source], bit)
        }
      }
    }
  }
  return [params, macs]
}

export function sum(pairs: readonly Pair[]): Pair {
  return pairs.reduce<Pair>(
    ([params, macs], [moreParams, moreMacs]) => [params + moreParams, macs + moreMacs],
    [0, 0],
  )
}

function bottleneck(
  { stemChannels, layer1Planes: planes }: NetworkShape,
  block: number,
  conv: (kernel: number, from: number, to: number) => Pair,
): Pair {
  const from = block === 0 ? stemChannels : 4 * planes
  const shortcut = block === 0 && from !== 4 * planes ? [conv(1, from, 4 * planes)] : []
  return sum([conv(1, from, planes), conv(3, planes, planes), conv(1, planes, 4 * planes), ...shortcut])
}

function head({ task, baseWidth, outputs }: NetworkShape, branches: number, pixels: number): Pair {
  if (task === 'pose') {
    return [baseWidth * outputs + outputs, baseWidth * outputs * pixels]
  }
  const all = baseWidth * (2 ** branches - 1)
  return [all * all + 3 * all + all * outputs + outputs, (all * all + all * outputs) * pixels]
}
