import { BATCH_NORM_EPSILON } from '../kernels.ts'
import type { BatchNormTrained, Handle } from '../kernels.ts'
import { vectorsOf } from './wasm-heap.ts'
import type { WasmHeap } from './wasm-heap.ts'

const FLOAT_BYTES = 4
/** Rows whose sums stay in float32; pieces are added in float64, so that long sums lose nothing. */
const PIECE_ROWS = 256

interface Rows {
  readonly rows: number
  readonly channels: number
}

/** Statistics as float64, one value for each channel. */
interface Sums {
  readonly sums: Float64Array
  readonly dots: Float64Array
}

/**
 * Batch norm with batch statistics (Ioffe & Szegedy 2015); see Kernels.batchNormTrain.
 * `saved` is the batch mean and 1 / sqrt(variance + eps), each [C].
 */
export function batchNormTrain(
  heap: WasmHeap,
  x: Handle,
  parameters: { readonly gamma: Handle; readonly beta: Handle },
  running: { readonly mean: Handle; readonly variance: Handle },
  momentum: number,
  relu: boolean,
): BatchNormTrained {
  const size = rowsOf(heap, x)
  const { mean, variance } = batchStatistics(heap, x, size)
  const inverse = variance.map((value) => 1 / Math.sqrt(value + BATCH_NORM_EPSILON))
  const savedMean = heap.upload(Float32Array.from(mean), [size.channels])
  const savedInverse = heap.upload(Float32Array.from(inverse), [size.channels])
  const gamma = heap.floats(parameters.gamma)
  const scale = inverse.map((value, c) => value * at(gamma, c))
  const y = heap.allocate(heap.shapeOf(x))
  normalise(heap, x, y, { mean, scale, offset: heap.floats(parameters.beta) }, relu)
  const unbiased = size.rows / Math.max(size.rows - 1, 1)
  return {
    y,
    runningMean: mix(heap, running.mean, mean, momentum),
    runningVariance: mix(
      heap,
      running.variance,
      variance.map((value) => value * unbiased),
      momentum,
    ),
    saved: [savedMean, savedInverse],
  }
}

/** See Kernels.batchNormInference. */
export function batchNormInference(
  heap: WasmHeap,
  x: Handle,
  p: { readonly gamma: Handle; readonly beta: Handle; readonly mean: Handle; readonly variance: Handle },
  relu: boolean,
): Handle {
  const y = heap.allocate(heap.shapeOf(x))
  const variance = heap.floats(p.variance)
  const scale = Float32Array.from(
    heap.floats(p.gamma),
    (value, c) => value / Math.sqrt(at(variance, c) + BATCH_NORM_EPSILON),
  )
  normalise(heap, x, y, { mean: heap.floats(p.mean), scale, offset: heap.floats(p.beta) }, relu)
  return y
}

/** y = x + bias, by channel. */
export function biasAdd(heap: WasmHeap, x: Handle, bias: Handle): Handle {
  const y = heap.allocate(heap.shapeOf(x))
  const { channels } = rowsOf(heap, x)
  const scale = new Float32Array(channels).fill(1)
  normalise(heap, x, y, { mean: new Float32Array(channels), scale, offset: heap.floats(bias) }, false)
  return y
}

/** Sum of dy by channel. */
export function biasGradient(heap: WasmHeap, dy: Handle): Handle {
  const size = rowsOf(heap, dy)
  const { sums } = moments(heap, dy, size, new Float64Array(size.channels))
  return heap.upload(Float32Array.from(sums), [size.channels])
}

/** With x̂ the normalised x and M rows: dx = gamma / sqrt(variance + eps) * (g - mean(g) - x̂ * mean(g x̂)). */
export function batchNormGradient(
  heap: WasmHeap,
  p: { readonly dy: Handle; readonly x: Handle; readonly y: Handle; readonly gamma: Handle },
  saved: readonly Handle[],
  relu: boolean,
): readonly [dx: Handle, dGamma: Handle, dBeta: Handle] {
  const [mean, inverse] = saved
  if (mean === undefined || inverse === undefined) {
    throw new RangeError(
      `the gradient of a batch norm needs the 2 tensors that it saved, got ${saved.length}`,
    )
  }
  const size = rowsOf(heap, p.x)
  const { sums, dots } = gradientSums(heap, p, heap.floats(mean), size, relu)
  const inverses = heap.floats(inverse)
  const dGamma = dots.map((dot, c) => dot * at(inverses, c))
  const scale = Float64Array.from(heap.floats(p.gamma), (value, c) => value * at(inverses, c))
  const slope = dGamma.map((value, c) => (-at(scale, c) * at(inverses, c) * value) / size.rows)
  const offset = sums.map((value, c) => (-at(scale, c) * value) / size.rows)
  const dx = heap.allocate(heap.shapeOf(p.x))
  const channels = putChannels(heap, size, [heap.floats(mean), scale, slope, offset])
  const { simd } = heap
  const { lanes, vectors } = lanesOf(size)
  const run =
    lanes === 4
      ? relu
        ? simd.normGradientRelu4
        : simd.normGradient4
      : relu
        ? simd.normGradientRelu1
        : simd.normGradient1
  const [meanAt = 0, scaleAt = 0, slopeAt = 0, offsetAt = 0] = channels
  run(
    heap.addressOf(p.dy),
    heap.addressOf(p.x),
    heap.addressOf(p.y),
    heap.addressOf(dx),
    meanAt,
    scaleAt,
    slopeAt,
    offsetAt,
    size.rows,
    vectors,
  )
  return [
    dx,
    heap.upload(Float32Array.from(dGamma), [size.channels]),
    heap.upload(Float32Array.from(sums), [size.channels]),
  ]
}

/** Mean and biased variance of each channel. */
function batchStatistics(
  heap: WasmHeap,
  x: Handle,
  size: Rows,
): { mean: Float64Array; variance: Float64Array } {
  // Deviations from a value near the mean: the square of a large mean would swallow a small variance.
  const few = Math.min(size.rows, PIECE_ROWS)
  const { sums: start } = moments(heap, x, { ...size, rows: few }, new Float64Array(size.channels))
  const shift = Float64Array.from(start, (value) => Math.fround(value / few))
  const { sums, dots } = moments(heap, x, size, shift)
  const mean = sums.map((value, c) => at(shift, c) + value / size.rows)
  const variance = dots.map((dot, c) => Math.max(0, dot / size.rows - (at(sums, c) / size.rows) ** 2))
  return { mean, variance }
}

/** Sums of x - shift and of its square, by channel. */
function moments(heap: WasmHeap, x: Handle, size: Rows, shift: Float64Array): Sums {
  const { lanes, vectors } = lanesOf(size)
  const run = lanes === 4 ? heap.simd.moments4 : heap.simd.moments1
  const address = heap.addressOf(x)
  return inPieces(heap, size, shift, (offset, rows, [shiftAt, sumsAt, dotsAt]) => {
    run(address + offset, shiftAt, sumsAt, dotsAt, rows, vectors)
  })
}

/** Sums of g and of g * (x - mean), by channel; g is dy where the ReLU passed. */
function gradientSums(
  heap: WasmHeap,
  p: { readonly dy: Handle; readonly x: Handle; readonly y: Handle },
  mean: Float32Array,
  size: Rows,
  relu: boolean,
): Sums {
  const { simd } = heap
  const { lanes, vectors } = lanesOf(size)
  const run =
    lanes === 4
      ? relu
        ? simd.gradientSumsRelu4
        : simd.gradientSums4
      : relu
        ? simd.gradientSumsRelu1
        : simd.gradientSums1
  const [dy, x, y] = [heap.addressOf(p.dy), heap.addressOf(p.x), heap.addressOf(p.y)]
  return inPieces(heap, size, mean, (offset, rows, [shiftAt, sumsAt, dotsAt]) => {
    run(dy + offset, x + offset, y + offset, shiftAt, sumsAt, dotsAt, rows, vectors)
  })
}

function inPieces(
  heap: WasmHeap,
  size: Rows,
  shift: ArrayLike<number>,
  run: (
    offset: number,
    rows: number,
    addresses: readonly [shift: number, sums: number, dots: number],
  ) => void,
): Sums {
  const { rows, channels } = size
  const [shiftAt = 0, sumsAt = 0, dotsAt = 0] = putChannels(heap, size, [shift, [], []])
  const piece = [heap.floatsAt(sumsAt, channels), heap.floatsAt(dotsAt, channels)] as const
  const total = { sums: new Float64Array(channels), dots: new Float64Array(channels) }
  for (let first = 0; first < rows; first += PIECE_ROWS) {
    run(first * channels * FLOAT_BYTES, Math.min(PIECE_ROWS, rows - first), [shiftAt, sumsAt, dotsAt])
    for (let c = 0; c < channels; c++) {
      total.sums[c] = at(total.sums, c) + at(piece[0], c)
      total.dots[c] = at(total.dots, c) + at(piece[1], c)
    }
  }
  return total
}

/** y = (x - mean) * scale + offset, by channel, and the ReLU of it. */
function normalise(
  heap: WasmHeap,
  x: Handle,
  y: Handle,
  by: {
    readonly mean: ArrayLike<number>
    readonly scale: ArrayLike<number>
    readonly offset: ArrayLike<number>
  },
  relu: boolean,
): void {
  const size = rowsOf(heap, x)
  const { lanes, vectors } = lanesOf(size)
  const [mean = 0, scale = 0, offset = 0] = putChannels(heap, size, [by.mean, by.scale, by.offset])
  const run = lanes === 4 ? heap.simd.normalise4 : heap.simd.normalise1
  run(heap.addressOf(x), heap.addressOf(y), mean, scale, offset, size.rows, vectors, relu ? 0 : -Infinity)
}

/** Writes values by channel into a work area, one after another; returns their addresses. */
function putChannels(
  heap: WasmHeap,
  { channels }: Rows,
  values: readonly ArrayLike<number>[],
): readonly number[] {
  const stride = vectorsOf(channels) * 4
  // Copied first: views of the heap end when the work area grows.
  const copies = values.map((value) => Float32Array.from(value))
  const area = heap.scratch('channels', stride * values.length)
  return copies.map((copy, i) => {
    const address = area + i * stride * FLOAT_BYTES
    heap.floatsAt(address, copy.length).set(copy)
    return address
  })
}

function mix(heap: WasmHeap, old: Handle, fresh: Float64Array, momentum: number): Handle {
  const mixed = Float32Array.from(
    heap.floats(old),
    (value, c) => (1 - momentum) * value + momentum * at(fresh, c),
  )
  return heap.upload(mixed, [mixed.length])
}

function rowsOf(heap: WasmHeap, x: Handle): Rows {
  const channels = heap.shapeOf(x).at(-1) ?? 1
  return { rows: heap.sizeOf(x) / channels, channels }
}

function lanesOf({ channels }: Rows): { readonly lanes: 1 | 4; readonly vectors: number } {
  return channels % 4 === 0 ? { lanes: 4, vectors: channels / 4 } : { lanes: 1, vectors: channels }
}

function at(values: ArrayLike<number>, c: number): number {
  return values[c] ?? Number.NaN
}
