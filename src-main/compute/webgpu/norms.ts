import { BATCH_NORM_EPSILON } from '../kernels.ts'
import type { BatchNormTrained, Handle } from '../kernels.ts'
import type { GpuTensors } from './gpu-tensors.ts'
import {
  ADD_BIAS,
  COLUMN_SUMS,
  FINISH_MOMENTS,
  FINISH_SUMS,
  GRADIENT_SUMS,
  LANES,
  MOMENTS,
  NORMALISE,
  NORMALISE_GIVEN,
  NORM_GRADIENT,
} from './norm-code.ts'
import type { ColumnParameter } from './norm-code.ts'
import type { Program } from './program.ts'

/** Rows whose sum is one part; parts are summed by one thread for each channel, so there are not many. */
const LEAST_ROWS_PER_BLOCK = 64
const MOST_BLOCKS = 128

interface Rows {
  readonly rows: number
  readonly channels: number
  readonly count: number
}

/** See Kernels.batchNormTrain; `saved` is one tensor [2, C]: the batch means, then 1 / sqrt(variance + eps). */
export function batchNormTrain(
  gpu: GpuTensors,
  x: Handle,
  parameters: { readonly gamma: Handle; readonly beta: Handle },
  running: { readonly mean: Handle; readonly variance: Handle },
  momentum: number,
  relu: boolean,
): BatchNormTrained {
  const { rows, channels, count } = rowsOf(gpu, x)
  const { parts, blocks } = sumColumns(gpu, MOMENTS, [x], relu)
  const saved = gpu.allocate([2, channels])
  const [runningMean, runningVariance] = [gpu.allocate([channels]), gpu.allocate([channels])]
  const unbiased = rows / Math.max(rows - 1, 1)
  gpu.each(FINISH_MOMENTS, [parts, running.mean, running.variance], [saved, runningMean, runningVariance], {
    count: channels,
    blocks,
    momentum,
    unbiased,
    epsilon: BATCH_NORM_EPSILON,
  })
  gpu.release(parts)
  const y = gpu.allocate(gpu.shapeOf(x))
  gpu.each(NORMALISE, [x, saved, parameters.gamma, parameters.beta], [y], {
    count,
    channels,
    relu: Number(relu),
  })
  return { y, runningMean, runningVariance, saved: [saved] }
}

/** See Kernels.batchNormGradient. */
export function batchNormGradient(
  gpu: GpuTensors,
  p: { readonly dy: Handle; readonly x: Handle; readonly y: Handle; readonly gamma: Handle },
  saved: readonly Handle[],
  relu: boolean,
): readonly [dx: Handle, dGamma: Handle, dBeta: Handle] {
  const [statistics] = saved
  if (statistics === undefined) {
    throw new RangeError('the gradient of a batch norm needs the tensor that it saved')
  }
  const { rows, channels, count } = rowsOf(gpu, p.x)
  const { parts, blocks } = sumColumns(gpu, GRADIENT_SUMS, [p.dy, p.x, p.y, statistics], relu)
  const [dGamma, dBeta] = [gpu.allocate([channels]), gpu.allocate([channels])]
  gpu.each(FINISH_SUMS, [parts], [dGamma, dBeta], { count: channels, blocks })
  gpu.release(parts)
  const dx = gpu.allocate(gpu.shapeOf(p.x))
  gpu.each(NORM_GRADIENT, [p.dy, p.x, p.y, statistics, p.gamma, dGamma, dBeta], [dx], {
    ...{ count, channels, rows },
    relu: Number(relu),
  })
  return [dx, dGamma, dBeta]
}

/** See Kernels.batchNormInference. */
export function batchNormInference(
  gpu: GpuTensors,
  x: Handle,
  p: { readonly gamma: Handle; readonly beta: Handle; readonly mean: Handle; readonly variance: Handle },
  relu: boolean,
): Handle {
  const { channels, count } = rowsOf(gpu, x)
  const y = gpu.allocate(gpu.shapeOf(x))
  const parameters = { count, channels, relu: Number(relu), epsilon: BATCH_NORM_EPSILON }
  gpu.each(NORMALISE_GIVEN, [x, p.gamma, p.beta, p.mean, p.variance], [y], parameters)
  return y
}

/** y = x + bias, by channel. */
export function biasAdd(gpu: GpuTensors, x: Handle, bias: Handle): Handle {
  const { channels, count } = rowsOf(gpu, x)
  const y = gpu.allocate(gpu.shapeOf(x))
  gpu.each(ADD_BIAS, [x, bias], [y], { count, channels })
  return y
}

/** Sum of dy by channel. */
export function biasGradient(gpu: GpuTensors, dy: Handle): Handle {
  const { channels } = rowsOf(gpu, dy)
  const { parts, blocks } = sumColumns(gpu, COLUMN_SUMS, [dy], false)
  const [zeros, sums] = [gpu.allocate([channels]), gpu.allocate([channels])]
  gpu.each(FINISH_SUMS, [parts], [zeros, sums], { count: channels, blocks })
  gpu.release(parts)
  gpu.release(zeros)
  return sums
}

function sumColumns(
  gpu: GpuTensors,
  programs: readonly Program<ColumnParameter>[],
  reads: readonly [Handle, ...Handle[]],
  relu: boolean,
): { readonly parts: Handle; readonly blocks: number } {
  const { rows, channels } = rowsOf(gpu, reads[0])
  const fitting = LANES.findIndex((lanes) => lanes >= channels)
  const chosen = fitting < 0 ? LANES.length - 1 : fitting
  const program = programs[chosen]
  if (program === undefined) {
    throw new Error('there is no program for so many channels')
  }
  const rowsPerBlock = Math.max(LEAST_ROWS_PER_BLOCK, Math.ceil(rows / MOST_BLOCKS))
  const blocks = Math.ceil(rows / rowsPerBlock)
  const parts = gpu.allocate([blocks, channels, 3])
  const columns = Math.ceil(channels / (LANES[chosen] ?? 1))
  gpu.run(program, reads, [parts], { rows, channels, rowsPerBlock, relu: Number(relu) }, [blocks, columns, 1])
  return { parts, blocks }
}

function rowsOf(gpu: GpuTensors, x: Handle): Rows {
  const channels = gpu.shapeOf(x).at(-1) ?? 1
  const count = gpu.sizeOf(x)
  return { rows: count / channels, channels, count }
}
