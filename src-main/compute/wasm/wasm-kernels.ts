import { version_wasm } from '@tensorflow/tfjs-backend-wasm'
import type { Kernels } from '../kernels.ts'
import { leavingNothing } from '../leaving-nothing.ts'
import { variableKernels } from '../own-variables.ts'
import { argMaxChannels, concatChannels, sliceChannels, softmaxCrossEntropy } from './channels.ts'
import { conv2d, conv2dFilterGradient, conv2dInputGradient } from './convolutions.ts'
import { addAll, difference, scaled, total, wherePositive } from './elements.ts'
import { batchNormGradient, batchNormInference, batchNormTrain, biasAdd, biasGradient } from './norms.ts'
import {
  flipWidth,
  resizeBilinear,
  resizeBilinearGradient,
  upsampleNearest,
  upsampleNearestGradient,
} from './resampling.ts'
import type { Arithmetic } from './simd-kernels.ts'
import { WasmVariables } from './variables.ts'
import { openWasmHeap } from './wasm-heap.ts'
import type { WasmHeap } from './wasm-heap.ts'

/**
 * The fallback that needs no native part: tfjs's WebAssembly backend for memory and the rare operations, our own SIMD kernels on
 * its heap for those that training spends its time in (tfjs has no gradient of a convolution that is fast enough).
 *
 * @param arithmetic - The best that the engine has unless a test asks for the other.
 * @throws Error when the binary of the package is missing or the engine has no SIMD.
 */
export async function createWasmKernels(arithmetic?: Arithmetic): Promise<Kernels> {
  const heap = await openWasmHeap(arithmetic)
  return leavingNothing(kernelsOn(heap), (kernel) => heap.atomically(kernel))
}

function kernelsOn(heap: WasmHeap): Kernels {
  return {
    name: 'wasm',
    version: version_wasm,
    device: 'cpu',
    upload: (values, shape) => heap.upload(values, shape),
    download: (tensor) => Promise.resolve(heap.floats(tensor).slice()),
    downloadSync: (tensor) => heap.floats(tensor).slice(),
    release: (tensor) => {
      heap.release(tensor)
    },
    liveTensors: () => heap.liveTensors(),
    backendBytes: () => heap.bytes(),

    ...variableKernels(new WasmVariables(heap)),
    conv2d: (x, xShape, w, wShape, stride) => conv2d(heap, x, xShape, w, wShape, stride),
    conv2dInputGradient: (dy, dyShape, w, wShape, xShape, stride) =>
      conv2dInputGradient(heap, dy, dyShape, w, wShape, xShape, stride),
    conv2dFilterGradient: (x, xShape, dy, dyShape, wShape, stride) =>
      conv2dFilterGradient(heap, x, xShape, dy, dyShape, wShape, stride),

    biasAdd: (x, bias) => biasAdd(heap, x, bias),
    biasGradient: (dy) => biasGradient(heap, dy),
    batchNormTrain: (x, _shape, gamma, beta, mean, variance, momentum, relu) =>
      batchNormTrain(heap, x, { gamma, beta }, { mean, variance }, momentum, relu),
    batchNormGradient: (dy, x, y, gamma, saved, relu) =>
      batchNormGradient(heap, { dy, x, y, gamma }, saved, relu),
    batchNormInference: (x, gamma, beta, mean, variance, relu) =>
      batchNormInference(heap, x, { gamma, beta, mean, variance }, relu),

    add: (tensors) => addAll(heap, tensors),
    addRelu: (tensors) => addAll(heap, tensors, 0),
    reluGradient: (dy, y) => wherePositive(heap, dy, y),
    sub: (a, b) => difference(heap, a, b),
    mul: (a, b) => heap.run('Multiply', { a, b }),
    scale: (x, factor) => scaled(heap, x, factor),
    sumOfSquares: (x) => total(heap, x, 'squares'),
    sum: (x) => total(heap, x, 'values'),

    upsampleNearest: (x, shape, factor) => upsampleNearest(heap, x, shape, factor),
    upsampleNearestGradient: (dy, dyShape, factor) => upsampleNearestGradient(heap, dy, dyShape, factor),
    resizeBilinear: (x, _shape, height, width) => resizeBilinear(heap, x, height, width),
    resizeBilinearGradient: (dy, _x, xShape) => resizeBilinearGradient(heap, dy, xShape),

    concat: (tensors) => concatChannels(heap, tensors),
    sliceChannels: (x, shape, begin, size) => sliceChannels(heap, x, shape, begin, size),
    reshape: (x, shape) => heap.alias(x, shape),
    flipWidth: (x) => flipWidth(heap, x),

    softmaxCrossEntropy: (logits, labels, rows, classes) =>
      softmaxCrossEntropy(heap, logits, labels, rows, classes),
    argMaxChannels: (x, shape) => argMaxChannels(heap, x, shape),
  }
}
