import { BATCH_NORM_EPSILON } from '../compute/kernels.ts'
import { foldedBias } from '../nas/fold-norms.ts'
import type { FoldedPair } from '../nas/fold-norms.ts'
import type { ParameterSpec } from '../nas/network-plan.types.ts'
import type { HostTensor, WeightMap } from './weights.ts'

export interface FoldedWeights {
  readonly weights: WeightMap
  readonly specs: readonly ParameterSpec[]
}

/**
 * Scales the convolutions of folded pairs and gives them biases: w' = w γ / √(σ² + ε), b' = β + (b − μ) γ / √(σ² + ε), computed in
 * double precision. Norms that stay keep their tensors.
 *
 * @param weights - Official names and PyTorch layout, with the statistics that the network is deployed with.
 * @param specs - Of the network before folding.
 */
export function foldWeights(
  pairs: readonly FoldedPair[],
  weights: WeightMap,
  specs: readonly ParameterSpec[],
): FoldedWeights {
  const folded = new Map<string, HostTensor>(specs.map(({ name }) => [name, valueOf(weights, name)]))
  for (const { conv, norm } of pairs) {
    const part = (suffix: string): Float32Array => valueOf(weights, `${norm.name}.${suffix}`).values
    const [gamma, beta, mean, variance] = [
      part('weight'),
      part('bias'),
      part('running_mean'),
      part('running_var'),
    ]
    const kernel = valueOf(weights, conv.weight)
    const before = conv.bias === null ? null : valueOf(weights, conv.bias).values
    const perChannel = kernel.values.length / gamma.length
    const scale = Float64Array.from(
      gamma,
      (value, c) => value / Math.sqrt((variance[c] ?? 0) + BATCH_NORM_EPSILON),
    )
    folded.set(conv.weight, {
      shape: kernel.shape,
      values: kernel.values.map((value, i) => value * (scale[Math.floor(i / perChannel)] ?? 0)),
    })
    const bias = Float32Array.from(
      beta,
      (value, c) => value + ((before?.[c] ?? 0) - (mean[c] ?? 0)) * (scale[c] ?? 0),
    )
    folded.set(foldedBias(conv), { shape: [bias.length], values: bias })
    NORM_PARTS.forEach((suffix) => folded.delete(`${norm.name}.${suffix}`))
  }
  return { weights: folded, specs: foldSpecs(pairs, specs) }
}

const NORM_PARTS = ['weight', 'bias', 'running_mean', 'running_var'] as const

/** The tensors of a network whose norms are folded: convolutions have biases, folded norms nothing. */
export function foldSpecs(
  pairs: readonly FoldedPair[],
  specs: readonly ParameterSpec[],
): readonly ParameterSpec[] {
  const gone = new Set(pairs.flatMap(({ norm }) => NORM_PARTS.map((suffix) => `${norm.name}.${suffix}`)))
  const ofWeight = new Map(pairs.map(({ conv }) => [conv.weight, conv]))
  return specs
    .filter(({ name }) => !gone.has(name))
    .flatMap((spec): ParameterSpec[] => {
      const conv = ofWeight.get(spec.name)
      return conv?.bias === null
        ? [spec, { name: foldedBias(conv), shape: [spec.shape[0] ?? 0], kind: 'conv-bias' }]
        : [spec]
    })
}

function valueOf(weights: WeightMap, name: string): HostTensor {
  const tensor = weights.get(name)
  if (tensor === undefined) {
    throw new RangeError(`the weights lack ${name}`)
  }
  return tensor
}
