import type { Kernels } from '../kernels.ts'
import { leavingNothing } from '../leaving-nothing.ts'
import { variableKernels } from '../own-variables.ts'
import { argMaxChannels, concatChannels, sliceChannels, softmaxCrossEntropy } from './channels.ts'
import { conv2d, conv2dFilterGradient, conv2dInputGradient } from './convolutions.ts'
import { addAll, difference, product, scaled, total, wherePositive } from './elements.ts'
import { GpuTensors } from './gpu-tensors.ts'
import { batchNormGradient, batchNormInference, batchNormTrain, biasAdd, biasGradient } from './norms.ts'
import {
  flipWidth,
  resizeBilinear,
  resizeBilinearGradient,
  upsampleNearest,
  upsampleNearestGradient,
} from './resampling.ts'
import { openThreadChannel } from './thread-channel.ts'
import { GpuVariables } from './variables.ts'

export interface WebgpuOptions {
  /** device-thread.ts, or what was built of it. */
  readonly threadUrl: URL
  /** For tests: adapters that compute on the CPU are taken as well. */
  readonly allowsSoftware: boolean
}

/**
 * Kernels of our own in WGSL on Dawn, for GPUs without CUDA.
 *
 * @throws BackendError when the package does not load, or there is no adapter that may be used.
 */
export async function createWebgpuKernels({ threadUrl, allowsSoftware }: WebgpuOptions): Promise<Kernels> {
  const { channel, facts } = await openThreadChannel(threadUrl, allowsSoftware)
  const gpu = new GpuTensors(channel, facts)
  return leavingNothing(kernelsOn(gpu), (kernel) => gpu.atomically(kernel))
}

function kernelsOn(gpu: GpuTensors): Kernels {
  return {
    name: 'webgpu',
    version: gpu.facts.version,
    device: gpu.facts.name,
    upload: (values, shape) => gpu.upload(values, shape),
    download: (tensor) => gpu.read(tensor),
    downloadSync: (tensor) => gpu.readSync(tensor),
    release: (tensor) => {
      gpu.release(tensor)
    },
    liveTensors: () => gpu.liveTensors(),
    backendBytes: () => gpu.bytes(),

    ...variableKernels(new GpuVariables(gpu)),
    conv2d: (x, xShape, w, wShape, stride) => conv2d(gpu, x, xShape, w, wShape, stride),
    conv2dInputGradient: (dy, _dyShape, w, wShape, xShape, stride) =>
      conv2dInputGradient(gpu, dy, w, wShape, xShape, stride),
    conv2dFilterGradient: (x, xShape, dy, _dyShape, wShape, stride) =>
      conv2dFilterGradient(gpu, x, xShape, dy, wShape, stride),

    biasAdd: (x, bias) => biasAdd(gpu, x, bias),
    biasGradient: (dy) => biasGradient(gpu, dy),
    batchNormTrain: (x, _shape, gamma, beta, mean, variance, momentum, relu) =>
      batchNormTrain(gpu, x, { gamma, beta }, { mean, variance }, momentum, relu),
    batchNormGradient: (dy, x, y, gamma, saved, relu) =>
      batchNormGradient(gpu, { dy, x, y, gamma }, saved, relu),
    batchNormInference: (x, gamma, beta, mean, variance, relu) =>
      batchNormInference(gpu, x, { gamma, beta, mean, variance }, relu),

    add: (tensors) => addAll(gpu, tensors, false),
    addRelu: (tensors) => addAll(gpu, tensors, true),
    reluGradient: (dy, y) => wherePositive(gpu, dy, y),
    sub: (a, b) => difference(gpu, a, b),
    mul: (a, b) => product(gpu, a, b),
    scale: (x, factor) => scaled(gpu, x, factor),
    sumOfSquares: (x) => total(gpu, x, 'squares'),
    sum: (x) => total(gpu, x, 'values'),

    upsampleNearest: (x, shape, factor) => upsampleNearest(gpu, x, shape, factor),
    upsampleNearestGradient: (dy, dyShape, factor) => upsampleNearestGradient(gpu, dy, dyShape, factor),
    resizeBilinear: (x, shape, height, width) => resizeBilinear(gpu, x, shape, height, width),
    resizeBilinearGradient: (dy, _x, xShape) => resizeBilinearGradient(gpu, dy, xShape),

    concat: (tensors) => concatChannels(gpu, tensors),
    sliceChannels: (x, shape, begin, size) => sliceChannels(gpu, x, shape, begin, size),
    reshape: (x, shape) => gpu.alias(x, shape),
    flipWidth: (x) => flipWidth(gpu, x),

    softmaxCrossEntropy: (logits, labels, rows, classes) =>
      softmaxCrossEntropy(gpu, logits, labels, rows, classes),
    argMaxChannels: (x, shape) => argMaxChannels(gpu, x, shape),
  }
}
