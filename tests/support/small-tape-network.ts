import type { Handle, Kernels, Shape } from '../../src-main/compute/kernels.ts'
import type { NetworkOps, NormStatistics, ParameterRef, Value } from '../../src-main/compute/network-ops.ts'
import type { TapeSource } from '../../src-main/compute/tape.ts'
import { symmetric } from './formula-weights.ts'

/** A network of every operation of a tape, small enough for finite differences, with values that several layers read. */

export type Values = ReadonlyMap<string, Float32Array>

const SEED = 11
export const INPUT_SHAPE: Shape = [2, 8, 8, 3]
/** Of the head, [N, H, W, C]. */
export const OUTPUT_SHAPE: Shape = [2, 8, 8, 3]

const SHAPES: Readonly<Record<string, Shape>> = {
  'stem.weight': [3, 3, 3, 4],
  'stem.norm.weight': [4],
  'stem.norm.bias': [4],
  'shared.weight': [1, 1, 4, 4],
  'down.weight': [3, 3, 4, 5],
  'down.norm.weight': [5],
  'down.norm.bias': [5],
  'up.weight': [1, 1, 5, 4],
  'up.norm.weight': [4],
  'up.norm.bias': [4],
  // out 2, in 5
  'grow.weight': [4, 4, 2, 5],
  'head.weight': [1, 1, 11, 3],
  'head.bias': [3],
}
const NORMS: Readonly<Record<string, number>> = { stem: 4, down: 5, up: 4 }

export const PARAMETERS: readonly ParameterRef[] = Object.entries(SHAPES).map(([name, shape]) => ({
  name,
  shape,
}))

/** Norm biases of ±2 with small weights keep every rectifier input away from zero, where the loss has no derivative. */
export function startingValues(): Map<string, Float32Array> {
  return new Map(
    PARAMETERS.map(({ name, shape }) => {
      const size = sizeOf(shape)
      const noise = symmetric(SEED, name, size, 0.5)
      if (name.endsWith('norm.weight')) {
        return [name, noise.map((v) => 0.25 + 0.1 * v)]
      }
      if (name.endsWith('norm.bias')) {
        return [name, noise.map((v, i) => (name.startsWith('up') || i % 3 > 0 ? 2 : -2) + 0.1 * v)]
      }
      return [name, noise]
    }),
  )
}

/**
 * stem → norm, relu → a convolution used twice in a row → sum with a branch at half size (nearest) → concatenated with the
 * bilinear and the deconvolved branch → head with bias. The stem's output is read three times.
 */
export function runSmallNetwork(ops: NetworkOps, input: Value): Value {
  const conv = (x: Value, name: string, stride = 1): Value =>
    ops.conv(x, { name: `${name}.weight`, shape: SHAPES[`${name}.weight`] ?? [] }, stride)
  const norm = (x: Value, name: string, relu: boolean): Value =>
    ops.batchNorm(x, name, { relu, momentum: 0.1 })
  const stem = norm(conv(input, 'stem'), 'stem', true)
  const twice = conv(conv(stem, 'shared'), 'shared')
  const half = norm(conv(stem, 'down', 2), 'down', true)
  const up = ops.upsampleNearest(norm(conv(half, 'up'), 'up', false), 2)
  const sum = ops.addRelu([stem, up, stem])
  const mixed = ops.addRelu([sum, norm(twice, 'up', false)])
  const grown = ops.deconv(half, { name: 'grow.weight', shape: SHAPES['grow.weight'] ?? [] })
  const wide = ops.concat([mixed, ops.resizeBilinear(half, 8, 8), grown])
  const head = { name: 'head.weight', shape: SHAPES['head.weight'] ?? [] }
  return ops.convWithBias(wide, head, { name: 'head.bias', shape: [3] }, 1)
}

/** Parameters on the host, read through `ofTape`; statistics on the device: release the latter with `dispose`. */
export function smallNetworkSource(
  kernels: Kernels,
  values: Values,
  ofTape: Kernels = kernels,
): TapeSource & { dispose(): void } {
  const statistics = new Map<string, NormStatistics>()
  const release = ({ mean, variance }: NormStatistics): void => {
    kernels.release(mean)
    kernels.release(variance)
  }
  for (const [name, channels] of Object.entries(NORMS)) {
    statistics.set(name, {
      mean: kernels.upload(new Float32Array(channels), [channels]),
      variance: kernels.upload(new Float32Array(channels).fill(1), [channels]),
    })
  }
  const statisticsOf = (name: string): NormStatistics => {
    const found = statistics.get(name)
    if (found === undefined) {
      throw new RangeError(`no norm ${name}`)
    }
    return found
  }
  return {
    readParameter: ({ name, shape }) => ofTape.upload(values.get(name) ?? new Float32Array(0), shape),
    normParameters: (name) => ({
      gamma: { name: `${name}.norm.weight`, shape: SHAPES[`${name}.norm.weight`] ?? [] },
      beta: { name: `${name}.norm.bias`, shape: SHAPES[`${name}.norm.bias`] ?? [] },
    }),
    statistics: statisticsOf,
    replaceStatistics: (name, moved) => {
      release(statisticsOf(name))
      statistics.set(name, moved)
    },
    dispose: () => {
      for (const pair of statistics.values()) {
        release(pair)
      }
    },
  }
}

/** 0.5 * sum of factors * output², and its gradient factors * output; a linear weight per element hides no mistake. */
export function weightedSquares(kernels: Kernels, output: Value): { value: Handle; gradient: Handle } {
  const factors = kernels.upload(symmetric(SEED, 'factors', sizeOf(OUTPUT_SHAPE), 0.1), OUTPUT_SHAPE)
  const gradient = kernels.mul(output.handle, factors)
  const product = kernels.mul(output.handle, gradient)
  const flat = kernels.reshape(product, [sizeOf(OUTPUT_SHAPE)])
  const sum = kernels.sum(flat)
  const value = kernels.scale(sum, 0.5)
  ;[factors, product, flat, sum].forEach((handle) => {
    kernels.release(handle)
  })
  return { value, gradient }
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1)
}
