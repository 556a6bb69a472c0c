import type { Kernels } from '../../src-main/compute/kernels.ts'
import type { Value } from '../../src-main/compute/network-ops.ts'
import { fromGenotypeJson } from '../../src-main/nas/genotype.ts'
import type { GenotypeJson } from '../../src-main/nas/genotype.ts'
import { planNetwork, supernetParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkPlan, NetworkShape, ParameterSpec } from '../../src-main/nas/network-plan.types.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import type { SearchSpace } from '../../src-main/nas/search-space.ts'
import { Supernet } from '../../src-main/supernet/supernet.ts'
import type { WeightMap } from '../../src-main/supernet/weights.ts'
import { formulaWeights, symmetric, toNhwc } from './formula-weights.ts'
import type { Recipe } from './formula-weights.ts'

export interface GoldenInput {
  readonly name: string
  readonly seed: number
  readonly shape: readonly [number, number, number, number]
  readonly bound: number
}

/** What a golden set says of its super-network: shapes and the formula of its weights. */
export interface GoldenSupernet {
  readonly task: 'pose' | 'seg'
  readonly width: number
  readonly outputs: number
  readonly weightSeed: number
  readonly weightRecipe: Recipe
  readonly input: GoldenInput
}

export interface GoldenNetwork extends GoldenSupernet {
  readonly genome: GenotypeJson
}

export interface BuiltSupernet {
  readonly space: SearchSpace
  readonly shape: NetworkShape
  readonly specs: readonly ParameterSpec[]
  /** The formula weights that the super-network started from. */
  readonly weights: WeightMap
  readonly supernet: Supernet
}

export interface BuiltNetwork extends BuiltSupernet {
  readonly plan: NetworkPlan
}

/** The super-network of a golden set with its formula weights, and the plan of its sub-network. */
export function buildGolden(kernels: Kernels, golden: GoldenNetwork): BuiltNetwork {
  const built = buildGoldenSupernet(kernels, golden)
  return { ...built, plan: planGenome(built, golden.genome) }
}

export function buildGoldenSupernet(kernels: Kernels, golden: GoldenSupernet): BuiltSupernet {
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
  const specs = supernetParameters(space, shape)
  const weights = formulaWeights(specs, golden.weightSeed, golden.weightRecipe)
  return { space, shape, specs, weights, supernet: new Supernet(kernels, space, shape, weights) }
}

export function planGenome({ space, shape }: BuiltSupernet, genome: GenotypeJson): NetworkPlan {
  return planNetwork(space, shape, fromGenotypeJson(space, { ...genome, task: space.task }))
}

/** Input values in N, H, W, C; `images` keeps the first few only. */
export function goldenPixels({ name, seed, shape, bound }: GoldenInput, images = shape[0]): Float32Array {
  const [n, c, h, w] = shape
  return toNhwc(symmetric(seed, name, n * c * h * w, bound), shape).slice(0, images * c * h * w)
}

export function goldenInput(kernels: Kernels, input: GoldenInput, images = input.shape[0]): Value {
  const [, c, h, w] = input.shape
  const shape = [images, h, w, c]
  return { handle: kernels.upload(goldenPixels(input, images), shape), shape }
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

/** Euclidean norm, in float64. */
export function norm(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    sum += (values[i] ?? Number.NaN) ** 2
  }
  return Math.sqrt(sum)
}

export function sumOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    sum += values[i] ?? Number.NaN
  }
  return sum
}

/** Norm of the difference; infinite where lengths differ. */
export function distance(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) {
    return Number.POSITIVE_INFINITY
  }
  return norm(Float64Array.from(want, (value, i) => (got[i] ?? Number.NaN) - value))
}

/** Largest |got - want| / max(1, |want|); infinite where lengths differ or a value is not a number. */
export function statisticsDeviation(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) {
    return Number.POSITIVE_INFINITY
  }
  let worst = 0
  for (let i = 0; i < want.length; i++) {
    const value = want[i] ?? Number.NaN
    const delta = Math.abs((got[i] ?? Number.NaN) - value) / Math.max(1, Math.abs(value))
    worst = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : Math.max(worst, delta)
  }
  return worst
}
