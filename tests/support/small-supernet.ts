import type { Kernels } from '../../src-main/compute/kernels.ts'
import { largestGenotype } from '../../src-main/nas/named-genotypes.ts'
import { planNetwork, supernetParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkPlan, NetworkShape } from '../../src-main/nas/network-plan.types.ts'
import { createSearchSpace } from '../../src-main/nas/search-space.ts'
import type { SearchSpace } from '../../src-main/nas/search-space.ts'
import { initialWeights } from '../../src-main/supernet/initialise.ts'
import { Supernet } from '../../src-main/supernet/supernet.ts'
import type { WeightMap } from '../../src-main/supernet/weights.ts'

export interface SmallSupernet {
  readonly space: SearchSpace
  readonly shape: NetworkShape
  readonly supernet: Supernet
  /** Of the largest network. */
  readonly plan: NetworkPlan
}

/** A super-network of one searched stage and a few channels: built in milliseconds. */
export function smallSpace(task: NetworkShape['task'] = 'pose'): { space: SearchSpace; shape: NetworkShape } {
  const space = createSearchSpace({ task, layout: [[2, 1]], depthChoices: [2, 3], evolveLastModule: true })
  return {
    space,
    shape: {
      task,
      baseWidth: 4,
      stemChannels: 6,
      layer1Blocks: 1,
      layer1Planes: 4,
      inputHeight: 32,
      inputWidth: 32,
      outputs: 3,
    },
  }
}

export function smallSupernet(kernels: Kernels, weights?: WeightMap): SmallSupernet {
  const { space, shape } = smallSpace()
  const start = weights ?? initialWeights(supernetParameters(space, shape), shape, 1)
  return {
    space,
    shape,
    supernet: new Supernet(kernels, space, shape, start),
    plan: planNetwork(space, shape, largestGenotype(space)),
  }
}
