import type { Kernels } from '../compute/kernels.ts'
import { liveNodes, planParameters } from '../nas/network-plan.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import type { HostStatistics } from './recalibrate.ts'
import { Supernet } from './supernet.ts'
import type { HostTensor, WeightMap } from './weights.ts'

/** One sub-network with nothing but its own layers: what is shipped. */
export interface StandAloneSubnet {
  readonly plan: NetworkPlan
  /** Exactly the tensors of the plan, official names, PyTorch layout. */
  readonly weights: WeightMap
}

export interface ExtractOptions {
  readonly supernet: Supernet
  readonly plan: NetworkPlan
  /** Recalibrated statistics of every norm of the plan (method.md 6.1). */
  readonly statistics: ReadonlyMap<string, HostStatistics>
  /** Leaves out layers that are executed without influence on the output (method.md 4.4). Default false. */
  readonly dropsDeadLayers?: boolean
}

/**
 * Takes a sub-network out of its super-network (method.md 8.1): the weights of the layers that it executes under the names they had,
 * with the recalibrated batch-norm statistics as running values. The super-network is left as it was.
 *
 * @throws RangeError naming a norm of the plan that has no statistics.
 */
export async function extractSubnet(options: ExtractOptions): Promise<StandAloneSubnet> {
  const { supernet, statistics, dropsDeadLayers = false } = options
  const plan = dropsDeadLayers ? withoutDeadNodes(options.plan) : options.plan
  const inherited = await supernet.weights(planParameters(plan))
  const weights = new Map<string, HostTensor>()
  for (const [name, tensor] of inherited) {
    weights.set(name, recalibrated(name, tensor, statistics))
  }
  return { plan, weights }
}

/**
 * The stand-alone network on the device; sessions, training and weights work as with a super-network that has these layers only.
 *
 * @param context - Space and shape of the super-network that it was taken from.
 * @throws RangeError listing tensors that are missing or of another shape, and names that are not of the plan.
 */
export function openStandAlone(
  kernels: Kernels,
  { space, shape }: Pick<Supernet, 'space' | 'shape'>,
  { plan, weights }: StandAloneSubnet,
): Supernet {
  const specs = planParameters(plan)
  const known = new Set(specs.map(({ name }) => name))
  const unknown = [...weights.keys()].filter((name) => !known.has(name))
  if (unknown.length > 0) {
    throw new RangeError(
      `${String(unknown.length)} tensors are not of this sub-network, for example ${unknown[0] ?? ''}`,
    )
  }
  return new Supernet(kernels, space, shape, weights, specs)
}

/** The plan without nodes that the output does not depend on; values keep their numbers. */
export function withoutDeadNodes(plan: NetworkPlan): NetworkPlan {
  const live = liveNodes(plan)
  return {
    ...plan,
    nodes: plan.nodes.filter((node) => live.has(node.output)),
    taps: Object.fromEntries(
      Object.entries(plan.taps).map(([name, values]) => [name, values.filter((value) => live.has(value))]),
    ),
  }
}

function recalibrated(
  name: string,
  tensor: HostTensor,
  statistics: ReadonlyMap<string, HostStatistics>,
): HostTensor {
  const match = /^(.*)\.running_(mean|var)$/.exec(name)
  if (match === null) {
    return tensor
  }
  const [, norm = '', kind] = match
  const measured = statistics.get(norm)
  if (measured === undefined) {
    throw new RangeError(`no recalibrated statistics for batch norm ${norm}`)
  }
  return { ...tensor, values: Float32Array.from(kind === 'mean' ? measured.mean : measured.variance) }
}
