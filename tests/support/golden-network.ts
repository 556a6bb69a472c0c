import type { Kernels } from '../../src-main/compute/kernels.ts'
import type { Value } from '../../src-main/compute/network-ops.ts'
import { fromGenotypeJson } from '../../src-main/nas/genotype.ts'
import type { GenotypeJson } from '../../src-main/nas/genotype.ts'
import { planNetwork, supernetParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkPlan, NetworkShape } from '../../src-main/nas/network-plan.types.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import type { SearchSpace } from '../../src-main/nas/search-space.ts'
import { Supernet } from '../../src-main/supernet/supernet.ts'
import { formulaWeights, symmetric, toNhwc } from './formula-weights.ts'
import type { Recipe } from './formula-weights.ts'

export interface GoldenInput {
  readonly name: string
  readonly seed: number
  readonly shape: readonly [number, number, number, number]
  readonly bound: number
}

export interface GoldenNetwork {
  readonly task: 'pose' | 'seg'
  readonly width: number
  readonly outputs: number
  readonly weightSeed: number
  readonly weightRecipe: Recipe
  readonly input: GoldenInput
  readonly genome: GenotypeJson
}

export interface BuiltNetwork {
  readonly space: SearchSpace
  readonly shape: NetworkShape
  readonly supernet: Supernet
  readonly plan: NetworkPlan
}

/** The super-network of a golden set with its formula weights, and the plan of its sub-network. */
export function buildGolden(kernels: Kernels, golden: GoldenNetwork): BuiltNetwork {
  const task = golden.task === 'seg' ? 'segmentation' : 'pose'
  const space = officialSpace(task)
  const [, , inputHeight, inputWidth] = golden.input.shape
  const shape: NetworkShape = {
    task,
    baseWidth: golden.width,
    stemChannels: 64,
    layer1Blocks: 4,
    layer1Planes: 64,
    inputHeight,
    inputWidth,
    outputs: golden.outputs,
  }
  const weights = formulaWeights(supernetParameters(space, shape), golden.weightSeed, golden.weightRecipe)
  const supernet = new Supernet(kernels, space, shape, weights)
  const genotype = fromGenotypeJson(space, { ...golden.genome, task })
  return { space, shape, supernet, plan: planNetwork(space, shape, genotype) }
}

export function goldenInput(kernels: Kernels, { name, seed, shape, bound }: GoldenInput): Value {
  const [n, c, h, w] = shape
  const values = symmetric(seed, name, n * c * h * w, bound)
  return { handle: kernels.upload(toNhwc(values, shape), [n, h, w, c]), shape: [n, h, w, c] }
}

/** Largest absolute difference over the largest absolute value of `want`. */
export function deviation(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) {
    return Number.POSITIVE_INFINITY
  }
  let difference = 0
  let largest = 0
  for (let i = 0; i < want.length; i++) {
    const delta = Math.abs((got[i] ?? Number.NaN) - (want[i] ?? Number.NaN))
    difference = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : Math.max(difference, delta)
    largest = Math.max(largest, Math.abs(want[i] ?? 0))
  }
  return difference / largest
}
