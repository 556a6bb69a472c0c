import type { BackendName } from '../contract/index.ts'

/**
 * What a backend must compute: the few primitives of the networks, forward and gradient, on opaque tensor handles.
 * Layout is N, H, W, C (channels last); convolution kernels are kh, kw, in, out; all floats are 32 bit.
 * Every handle that a call returns belongs to the caller, who must `release` it exactly once.
 * No kernel keeps or releases a handle that was passed in.
 */
export type Handle = number & { readonly __tensorHandle: unique symbol }

export type Shape = readonly number[]

/** A trainable value that lives on the device and is updated in place by an optimizer. */
export interface Variable {
  readonly shape: Shape
  /** Backend-private identity. */
  readonly slot: number
}

export interface BatchNormTrained {
  readonly y: Handle
  /** `(1 - momentum) * running + momentum * batch`; the variance that enters is unbiased (divided by n - 1). */
  readonly runningMean: Handle
  readonly runningVariance: Handle
  /** What the gradient needs besides x and y; opaque, belongs to the caller. */
  readonly saved: readonly Handle[]
}

export interface AdamStep {
  readonly learningRate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  /** Number of updates of this tensor, counting this one; from 1. */
  readonly step: number
}

export interface MomentumStep {
  readonly learningRate: number
  readonly momentum: number
  /** Added to the gradient as `weightDecay * w` before the momentum buffer, as PyTorch's SGD does. */
  readonly weightDecay: number
}

export interface Kernels {
  readonly name: BackendName
  readonly version: string
  /** 'cpu' or the GPU's name as the library lists it. */
  readonly device: string

  upload(values: Float32Array | Int32Array, shape: Shape): Handle
  download(tensor: Handle): Promise<Float32Array>
  /** Download that blocks; only where a tensor is small or the backend runs on this CPU. */
  downloadSync(tensor: Handle): Float32Array
  release(tensor: Handle): void
  /** Live handles of this backend, for leak checks. */
  liveTensors(): number
  /**
   * Bytes that this backend holds for tensors, free ones included (WebAssembly: its heap, which never shrinks; WebGPU: its buffers);
   * null where the library does not tell (TensorFlow).
   */
  backendBytes(): number | null

  createVariable(values: Float32Array, shape: Shape): Variable
  /** The present value as a handle that stays valid until released; it must be released before an update of the variable. */
  readVariable(variable: Variable): Handle
  assignVariable(variable: Variable, values: Float32Array): void
  releaseVariable(variable: Variable): void

  /**
   * Padding as PyTorch: one pixel on all sides for kernels 3 and 4, none for kernel 1. x [N,H,W,I] * w [k,k,I,O] → [N,H/s,W/s,O].
   * Kernel 4 has stride 2: its input gradient is the deconvolution of the bottom-up head (method.md 9.1).
   */
  conv2d(x: Handle, xShape: Shape, w: Handle, wShape: Shape, stride: number): Handle
  /** The same with a bias over the last axis, where a backend has it in one pass. */
  conv2dWithBias?(x: Handle, xShape: Shape, w: Handle, wShape: Shape, stride: number, bias: Handle): Handle
  conv2dInputGradient(
    dy: Handle,
    dyShape: Shape,
    w: Handle,
    wShape: Shape,
    xShape: Shape,
    stride: number,
  ): Handle
  conv2dFilterGradient(
    x: Handle,
    xShape: Shape,
    dy: Handle,
    dyShape: Shape,
    wShape: Shape,
    stride: number,
  ): Handle

  /** y = x + bias over the last axis. */
  biasAdd(x: Handle, bias: Handle): Handle
  biasGradient(dy: Handle): Handle

  /** Normalises with the batch mean and biased variance, eps 1e-5; optional ReLU on the result. */
  batchNormTrain(
    x: Handle,
    shape: Shape,
    gamma: Handle,
    beta: Handle,
    runningMean: Handle,
    runningVariance: Handle,
    momentum: number,
    relu: boolean,
  ): BatchNormTrained
  /** Gradient with respect to x, gamma, beta; `y` is the output (needed for the ReLU). */
  batchNormGradient(
    dy: Handle,
    x: Handle,
    y: Handle,
    gamma: Handle,
    saved: readonly Handle[],
    relu: boolean,
  ): readonly [dx: Handle, dGamma: Handle, dBeta: Handle]
  /** Normalises with given statistics. */
  batchNormInference(
    x: Handle,
    gamma: Handle,
    beta: Handle,
    mean: Handle,
    variance: Handle,
    relu: boolean,
  ): Handle

  /** Sum of one or more tensors of one shape. */
  add(tensors: readonly Handle[]): Handle
  /** relu(sum of tensors). */
  addRelu(tensors: readonly Handle[]): Handle
  /** dy where y > 0, else 0. */
  reluGradient(dy: Handle, y: Handle): Handle
  sub(a: Handle, b: Handle): Handle
  /** Element-wise product with NumPy broadcasting. */
  mul(a: Handle, b: Handle): Handle
  scale(x: Handle, factor: number): Handle
  /** Sum of squares over all elements, a scalar. */
  sumOfSquares(x: Handle): Handle
  /** Sum of all elements of a rank-1 tensor, a scalar. */
  sum(x: Handle): Handle

  upsampleNearest(x: Handle, shape: Shape, factor: number): Handle
  upsampleNearestGradient(dy: Handle, dyShape: Shape, factor: number): Handle
  /** Half-pixel centres, edges clamped, not anti-aliased. */
  resizeBilinear(x: Handle, shape: Shape, height: number, width: number): Handle
  resizeBilinearGradient(dy: Handle, x: Handle, xShape: Shape): Handle

  concat(tensors: readonly Handle[]): Handle
  /** The channels [begin, begin + size) of x. */
  sliceChannels(x: Handle, shape: Shape, begin: number, size: number): Handle
  reshape(x: Handle, shape: Shape): Handle
  /** Mirrors the width axis of an [N,H,W,C] tensor. */
  flipWidth(x: Handle): Handle

  /** Per row: -log softmax(logits)[label] and its gradient softmax - onehot. logits [M,K], labels int32 [M] in [0, K). */
  softmaxCrossEntropy(
    logits: Handle,
    labels: Handle,
    rows: number,
    classes: number,
  ): readonly [loss: Handle, backprop: Handle]
  /** Index of the largest channel, as floats; ties go to the first. x [N,H,W,C] → values [N,H,W]. */
  argMaxChannels(x: Handle, shape: Shape): Handle

  /** w -= lr * m̂ / (sqrt(v̂) + eps), both bias-corrected (PyTorch's Adam). m and v are updated in place. */
  applyAdam(variable: Variable, m: Variable, v: Variable, gradient: Handle, step: AdamStep): void
  /** buffer = momentum * buffer + (g + wd * w); w -= lr * buffer. The buffer starts at zero. */
  applyMomentum(variable: Variable, buffer: Variable, gradient: Handle, step: MomentumStep): void
}

/** eps of every batch norm (method.md 2.4). */
export const BATCH_NORM_EPSILON = 1e-5
