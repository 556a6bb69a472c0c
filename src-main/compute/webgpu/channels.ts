import type { Handle, Shape } from '../kernels.ts'
import type { GpuTensors } from './gpu-tensors.ts'
import { ELEMENT_THREADS, FOR_EACH_ELEMENT } from './program.ts'
import type { Program } from './program.ts'

/** Copies `size` channels of every pixel from channel `fromBegin` of x to channel `toBegin` of y. */
const COPY: Program<'count' | 'size' | 'fromChannels' | 'fromBegin' | 'toChannels' | 'toBegin'> = {
  name: 'copy channels',
  threads: ELEMENT_THREADS,
  reads: [{ name: 'x', type: 'f32' }],
  writes: [{ name: 'y', type: 'f32' }],
  parameters: {
    ...{ count: 'u32', size: 'u32', fromChannels: 'u32', fromBegin: 'u32' },
    ...{ toChannels: 'u32', toBegin: 'u32' },
  },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  let pixel = i / p.size;
  let c = i % p.size;
  y[pixel * p.toChannels + p.toBegin + c] = x[pixel * p.fromChannels + p.fromBegin + c];`,
}

const ARG_MAX: Program<'count' | 'channels'> = {
  name: 'arg-max',
  threads: ELEMENT_THREADS,
  reads: [{ name: 'x', type: 'f32' }],
  writes: [{ name: 'y', type: 'f32' }],
  parameters: { count: 'u32', channels: 'u32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  let begin = i * p.channels;
  var best = 0u;
  for (var c = 1u; c < p.channels; c++) {
    if (x[begin + c] > x[begin + best]) { best = c; }
  }
  y[i] = f32(best);`,
}

/** The loss by log-sum-exp, so that a vanishing probability is no infinite loss. A label outside gives NaN, as TensorFlow's GPU kernel does. */
const CROSS_ENTROPY: Program<'count' | 'classes' | 'nan'> = {
  name: 'soft-max cross-entropy',
  threads: ELEMENT_THREADS,
  reads: [
    { name: 'logits', type: 'f32' },
    { name: 'labels', type: 'i32' },
  ],
  writes: [
    { name: 'loss', type: 'f32' },
    { name: 'backprop', type: 'f32' },
  ],
  parameters: { count: 'u32', classes: 'u32', nan: 'f32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  let begin = i * p.classes;
  let label = labels[i];
  let isInside = label >= 0 && label < i32(p.classes);
  var largest = logits[begin];
  for (var c = 1u; c < p.classes; c++) { largest = max(largest, logits[begin + c]); }
  var total = 0.0;
  for (var c = 0u; c < p.classes; c++) { total += exp(logits[begin + c] - largest); }
  let truth = logits[begin + u32(clamp(label, 0, i32(p.classes) - 1))];
  if (isInside) { loss[i] = log(total) + (largest - truth); } else { loss[i] = p.nan; }
  for (var c = 0u; c < p.classes; c++) {
    let probability = exp(logits[begin + c] - largest) / total;
    let value = probability - select(0.0, 1.0, i32(c) == label);
    if (isInside) { backprop[begin + c] = value; } else { backprop[begin + c] = p.nan; }
  }`,
}

/** Joins along the last axis; all other axes agree. */
export function concatChannels(gpu: GpuTensors, tensors: readonly Handle[]): Handle {
  const shapes = tensors.map((tensor) => gpu.shapeOf(tensor))
  const sizes = shapes.map((shape) => shape.at(-1) ?? 0)
  const [first] = shapes
  if (first === undefined) {
    throw new RangeError('concat needs at least one tensor')
  }
  const toChannels = sizes.reduce((a, b) => a + b, 0)
  const joined = gpu.allocate([...first.slice(0, -1), toChannels])
  let toBegin = 0
  tensors.forEach((tensor, i) => {
    const size = sizes[i] ?? 0
    const count = gpu.sizeOf(tensor)
    gpu.each(COPY, [tensor], [joined], { count, size, fromChannels: size, fromBegin: 0, toChannels, toBegin })
    toBegin += size
  })
  return joined
}

/** Channels [begin, begin + size) of x. */
export function sliceChannels(gpu: GpuTensors, x: Handle, shape: Shape, begin: number, size: number): Handle {
  const channels = shape.at(-1) ?? 0
  if (begin < 0 || size < 1 || begin + size > channels) {
    throw new RangeError(`channels ${begin} to ${begin + size} are outside of 0 to ${channels}`)
  }
  const part = gpu.allocate([...shape.slice(0, -1), size])
  const count = gpu.sizeOf(part)
  const to = { toChannels: size, toBegin: 0 }
  gpu.each(COPY, [x], [part], { count, size, fromChannels: channels, fromBegin: begin, ...to })
  return part
}

/** Index of the largest channel of each pixel, the first of equals. */
export function argMaxChannels(gpu: GpuTensors, x: Handle, shape: Shape): Handle {
  const indices = gpu.allocate(shape.slice(0, -1))
  gpu.each(ARG_MAX, [x], [indices], { count: gpu.sizeOf(indices), channels: shape.at(-1) ?? 0 })
  return indices
}

/** See Kernels.softmaxCrossEntropy. */
export function softmaxCrossEntropy(
  gpu: GpuTensors,
  logits: Handle,
  labels: Handle,
  rows: number,
  classes: number,
): readonly [loss: Handle, backprop: Handle] {
  const [loss, backprop] = [gpu.allocate([rows]), gpu.allocate([rows, classes])]
  gpu.each(CROSS_ENTROPY, [logits, labels], [loss, backprop], { count: rows, classes, nan: Number.NaN })
  return [loss, backprop]
}
