import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import { foldedBias, foldNorms } from '../nas/fold-norms.ts'
import { planParameters } from '../nas/network-plan.ts'
import type { NetworkPlan, NetworkShape, ParameterSpec } from '../nas/network-plan.types.ts'
import type { SearchSpace } from '../nas/search-space.ts'
import { foldSpecs, foldWeights } from './fold-weights.ts'
import type { StandAloneSubnet } from './extract-subnet.ts'
import { Supernet } from './supernet.ts'
import type { WeightMap } from './weights.ts'

export interface DeployedNetwork {
  /** The caller releases the outputs. */
  forward(input: Value): readonly Value[]
  dispose(): void
}

/**
 * Opens a network for inference alone, with its batch norms folded into the convolutions: outputs differ from the exact ones by at
 * most 1e-4 of the largest (method.md 8.1). Scores of a search are not measured with it.
 *
 * @param weights - At least the tensors of the plan, with the statistics that the network is deployed with.
 */
export function openFolded(
  kernels: Kernels,
  {
    space,
    shape,
    plan,
  }: { readonly space: SearchSpace; readonly shape: NetworkShape; readonly plan: NetworkPlan },
  weights: WeightMap,
): DeployedNetwork {
  const folded = foldNorms(plan)
  const { weights: values, specs } = foldWeights(folded.pairs, weights, planParameters(plan))
  return openExact(new Supernet(kernels, space, shape, values, specs), folded.plan)
}

/** The tensors of a network with its norms folded. */
export function foldSubnet({ plan, weights }: StandAloneSubnet): WeightMap {
  return foldWeights(foldNorms(plan).pairs, weights, planParameters(plan)).weights
}

/** Of a file that holds a folded network. */
export interface FoldedNetwork {
  readonly plan: NetworkPlan
  readonly specs: readonly ParameterSpec[]
}

/**
 * The folded form of a plan, if these are the tensors of it: nothing is left of the norms, and a convolution has a bias in place of its
 * norm. Null for a network with norms.
 */
export function findFolded(plan: NetworkPlan, names: { has(name: string): boolean }): FoldedNetwork | null {
  const folded = foldNorms(plan)
  const isFolded =
    folded.pairs.some(({ conv }) => names.has(foldedBias(conv))) &&
    !folded.pairs.some(({ norm }) => names.has(`${norm.name}.running_mean`))
  return isFolded ? { plan: folded.plan, specs: foldSpecs(folded.pairs, planParameters(plan)) } : null
}

/** Opens the tensors of a folded network. @throws RangeError listing those that are missing or of another shape. */
export function openFoldedFile(
  kernels: Kernels,
  { space, shape }: { readonly space: SearchSpace; readonly shape: NetworkShape },
  { plan, specs }: FoldedNetwork,
  weights: WeightMap,
): DeployedNetwork {
  return openExact(new Supernet(kernels, space, shape, weights, specs), plan)
}

/** The same without folding, out of a network whose statistics are those that it is deployed with; `dispose` releases it. */
export function openExact(network: Supernet, plan: NetworkPlan): DeployedNetwork {
  const session = network.openEvaluation()
  return {
    forward: (input) => session.forward(plan, input).outputs,
    dispose() {
      session.close()
      network.dispose()
    },
  }
}
