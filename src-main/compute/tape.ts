import type { Handle, Kernels, Shape } from './kernels.ts'
import { DECONVOLUTION_STRIDE, deconvShape } from './network-ops.ts'
import type { NetworkOps, NormStatistics, ParameterRef, Value } from './network-ops.ts'

/** Where a tape finds parameters and batch-norm state. */
export interface TapeSource {
  /** The present value; the tape releases it at the end of `backward`. */
  readParameter(parameter: ParameterRef): Handle
  normParameters(name: string): { readonly gamma: ParameterRef; readonly beta: ParameterRef }
  statistics(name: string): NormStatistics
  /** Takes over the new running statistics and releases the old ones. */
  replaceStatistics(name: string, statistics: NormStatistics): void
}

interface TapeValue extends Value {
  readonly needsGradient: boolean
  gradients: Handle[]
}

interface TapeNode {
  readonly output: TapeValue
  /** Pushes gradients into the inputs; dy stays owned by the tape. Null for nodes that only hold handles. */
  readonly back: (dy: Handle) => void
  /** Handles that live until this node was passed. */
  readonly saved: readonly Handle[]
}

/**
 * Reverse-mode differentiation over {@link Kernels}, one node per layer with an analytic gradient. Activations are released as the
 * backward pass leaves them, so the peak is that of the forward pass plus one layer.
 *
 * Gradient handles are reference counted: one tensor can be the gradient of several summands.
 */
export class Tape implements NetworkOps {
  readonly #kernels: Kernels
  readonly #source: TapeSource
  readonly #nodes: TapeNode[] = []
  readonly #parameters = new Map<string, TapeValue>()
  readonly #references = new Map<Handle, number>()

  constructor(kernels: Kernels, source: TapeSource) {
    this.#kernels = kernels
    this.#source = source
  }

  /** A value without gradient that stays owned by the caller (input images, targets, teacher output). */
  constant(handle: Handle, shape: Shape): Value {
    return { handle, shape, needsGradient: false, gradients: [] } as TapeValue
  }

  conv(x: Value, weight: ParameterRef, stride: number): Value {
    const k = this.#kernels
    const input = asTapeValue(x)
    const kernel = this.#parameter(weight)
    const [n = 0, h = 0, w = 0] = x.shape
    const shape = [
      n,
      Math.floor((h - 1) / stride) + 1,
      Math.floor((w - 1) / stride) + 1,
      weight.shape[3] ?? 0,
    ]
    const y = k.conv2d(x.handle, x.shape, kernel.handle, weight.shape, stride)
    return this.#record(y, shape, (dy) => {
      this.#push(kernel, k.conv2dFilterGradient(x.handle, x.shape, dy, shape, weight.shape, stride))
      if (input.needsGradient) {
        this.#push(input, k.conv2dInputGradient(dy, shape, kernel.handle, weight.shape, x.shape, stride))
      }
    })
  }

  /** The input gradient of a convolution, forward; so its own gradients are that convolution and its filter gradient. */
  deconv(x: Value, weight: ParameterRef): Value {
    const k = this.#kernels
    const kernel = this.#parameter(weight)
    const stride = DECONVOLUTION_STRIDE
    const shape = deconvShape(x.shape, weight.shape)
    const y = k.conv2dInputGradient(x.handle, x.shape, kernel.handle, weight.shape, shape, stride)
    return this.#record(y, shape, (dy) => {
      this.#push(kernel, k.conv2dFilterGradient(dy, shape, x.handle, x.shape, weight.shape, stride))
      this.#push(asTapeValue(x), k.conv2d(dy, shape, kernel.handle, weight.shape, stride))
    })
  }

  convWithBias(x: Value, weight: ParameterRef, bias: ParameterRef, stride: number): Value {
    return this.bias(this.conv(x, weight, stride), bias)
  }

  bias(x: Value, bias: ParameterRef): Value {
    const parameter = this.#parameter(bias)
    const y = this.#kernels.biasAdd(x.handle, parameter.handle)
    return this.#record(y, x.shape, (dy) => {
      this.#push(parameter, this.#kernels.biasGradient(dy))
      this.#push(asTapeValue(x), this.#keep(dy))
    })
  }

  batchNorm(x: Value, name: string, options: { readonly relu: boolean; readonly momentum: number }): Value {
    const k = this.#kernels
    const names = this.#source.normParameters(name)
    const gamma = this.#parameter(names.gamma)
    const beta = this.#parameter(names.beta)
    const { mean, variance } = this.#source.statistics(name)
    const { relu, momentum } = options
    const out = k.batchNormTrain(x.handle, x.shape, gamma.handle, beta.handle, mean, variance, momentum, relu)
    this.#source.replaceStatistics(name, { mean: out.runningMean, variance: out.runningVariance })
    return this.#record(
      out.y,
      x.shape,
      (dy) => {
        const [dx, dGamma, dBeta] = k.batchNormGradient(dy, x.handle, out.y, gamma.handle, out.saved, relu)
        this.#push(asTapeValue(x), dx)
        this.#push(gamma, dGamma)
        this.#push(beta, dBeta)
      },
      out.saved,
    )
  }

  addRelu(xs: readonly Value[]): Value {
    const y = this.#kernels.addRelu(xs.map((x) => x.handle))
    return this.#record(y, shapeOfFirst(xs), (dy) => {
      const inner = this.#kernels.reluGradient(dy, y)
      for (const x of xs) {
        this.#push(asTapeValue(x), this.#keep(inner))
      }
      this.#drop(inner)
    })
  }

  upsampleNearest(x: Value, factor: number): Value {
    const [n = 0, h = 0, w = 0, c = 0] = x.shape
    const shape = [n, h * factor, w * factor, c]
    const y = this.#kernels.upsampleNearest(x.handle, x.shape, factor)
    return this.#record(y, shape, (dy) => {
      this.#push(asTapeValue(x), this.#kernels.upsampleNearestGradient(dy, shape, factor))
    })
  }

  resizeBilinear(x: Value, height: number, width: number): Value {
    const [n = 0, , , c = 0] = x.shape
    const y = this.#kernels.resizeBilinear(x.handle, x.shape, height, width)
    return this.#record(y, [n, height, width, c], (dy) => {
      this.#push(asTapeValue(x), this.#kernels.resizeBilinearGradient(dy, x.handle, x.shape))
    })
  }

  concat(xs: readonly Value[]): Value {
    const [n = 0, h = 0, w = 0] = shapeOfFirst(xs)
    const channels = xs.map((x) => x.shape[3] ?? 0)
    const shape = [n, h, w, channels.reduce((a, b) => a + b, 0)]
    const y = this.#kernels.concat(xs.map((x) => x.handle))
    return this.#record(y, shape, (dy) => {
      let begin = 0
      xs.forEach((x, i) => {
        const size = channels[i] ?? 0
        this.#push(asTapeValue(x), this.#kernels.sliceChannels(dy, shape, begin, size))
        begin += size
      })
    })
  }

  discard(): void {
    // The backward pass reads every activation; it releases them itself.
  }

  /**
   * A scalar loss whose gradient with respect to `x` was computed along with it. The tape takes over both handles.
   * Several losses on one value add up.
   */
  loss(x: Value, value: Handle, gradient: Handle): Handle {
    this.#push(asTapeValue(x), gradient)
    return value
  }

  /**
   * Runs backward from every value that received a gradient through {@link loss} and hands each active parameter's gradient to
   * `update`, which must not keep it. Afterwards the tape is empty and every handle it made is released.
   */
  backward(update: (parameter: ParameterRef, gradient: Handle) => void): void {
    // Popped before it is passed, so that `dispose` after a failure half-way releases nothing twice.
    for (let node = this.#nodes.pop(); node !== undefined; node = this.#nodes.pop()) {
      this.#passNode(node)
    }
    for (const [name, value] of this.#parameters) {
      this.#parameters.delete(name)
      // The read handle goes first: TensorFlow copies a variable that is still being read when an update comes.
      this.#kernels.release(value.handle)
      if (value.gradients.length > 0) {
        this.#lendGradient(value, (gradient) => update({ name, shape: value.shape }, gradient))
      }
    }
  }

  /** Releases everything without a backward pass, after an error or a forward-only use. */
  dispose(): void {
    for (const node of this.#nodes) {
      node.output.gradients.forEach((gradient) => this.#drop(gradient))
      node.saved.forEach((handle) => this.#kernels.release(handle))
      this.#kernels.release(node.output.handle)
    }
    this.#nodes.length = 0
    for (const value of this.#parameters.values()) {
      value.gradients.forEach((gradient) => this.#drop(gradient))
      this.#kernels.release(value.handle)
    }
    this.#parameters.clear()
  }

  #passNode(node: TapeNode): void {
    try {
      if (node.output.gradients.length > 0) {
        this.#lendGradient(node.output, node.back)
      }
    } finally {
      node.saved.forEach((handle) => this.#kernels.release(handle))
      this.#kernels.release(node.output.handle)
    }
  }

  #parameter(parameter: ParameterRef): TapeValue {
    let value = this.#parameters.get(parameter.name)
    if (value === undefined) {
      value = {
        handle: this.#source.readParameter(parameter),
        shape: parameter.shape,
        needsGradient: true,
        gradients: [],
      }
      this.#parameters.set(parameter.name, value)
    }
    return value
  }

  #record(handle: Handle, shape: Shape, back: (dy: Handle) => void, saved: readonly Handle[] = []): Value {
    const output: TapeValue = { handle, shape, needsGradient: true, gradients: [] }
    this.#nodes.push({ output, back, saved })
    return output
  }

  /** Hands the sum of the received gradients to `use` and drops it afterwards, also after an error. */
  #lendGradient(value: TapeValue, use: (gradient: Handle) => void): void {
    const sum = this.#takeGradient(value)
    try {
      use(sum)
    } finally {
      this.#drop(sum)
    }
  }

  #takeGradient(value: TapeValue): Handle {
    const gradients = value.gradients
    value.gradients = []
    const [first] = gradients
    if (first !== undefined && gradients.length === 1) {
      return first
    }
    try {
      return this.#kernels.add(gradients)
    } finally {
      gradients.forEach((gradient) => this.#drop(gradient))
    }
  }

  #push(value: TapeValue, gradient: Handle): void {
    if (value.needsGradient) {
      value.gradients.push(gradient)
    } else {
      this.#drop(gradient)
    }
  }

  #keep(handle: Handle): Handle {
    this.#references.set(handle, (this.#references.get(handle) ?? 1) + 1)
    return handle
  }

  #drop(handle: Handle): void {
    const count = this.#references.get(handle) ?? 1
    if (count > 1) {
      this.#references.set(handle, count - 1)
    } else {
      this.#references.delete(handle)
      this.#kernels.release(handle)
    }
  }
}

/** Every value of a tape was made by it; the type only hides the gradient from networks. */
function asTapeValue(value: Value): TapeValue {
  return value as TapeValue
}

function shapeOfFirst(xs: readonly Value[]): Shape {
  const [first] = xs
  if (first === undefined) {
    throw new RangeError('at least one tensor is needed')
  }
  return first.shape
}
