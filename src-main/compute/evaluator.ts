import type { Handle, Kernels, Shape } from './kernels.ts'
import { DECONVOLUTION_STRIDE, deconvShape } from './network-ops.ts'
import type { NetworkOps, NormStatistics, ParameterRef, Value } from './network-ops.ts'

/** Parameters and statistics of a forward pass without gradients. Handles stay owned by the source. */
export interface EvaluatorSource {
  readParameter(parameter: ParameterRef): Handle
  normParameters(name: string): { readonly gamma: ParameterRef; readonly beta: ParameterRef }
  statistics(name: string): NormStatistics
}

/** What one norm measured of one batch: handles that belong to the receiver, and how many images and positions are behind each channel. */
export interface BatchStatistics {
  readonly mean: Handle
  readonly unbiasedVariance: Handle
  readonly images: number
  readonly positions: number
}

/** Receives the batch statistics of each active norm while recalibrating. */
export type StatisticsSink = (name: string, batch: BatchStatistics) => void

/** Forward pass without a tape: every activation is released as soon as its last reader is done. */
export class Evaluator implements NetworkOps {
  readonly #kernels: Kernels
  readonly #source: EvaluatorSource
  readonly #sink: StatisticsSink | null

  /** With a `sink` every norm normalises with its own batch statistics and reports them; without, with the source's statistics. */
  constructor(kernels: Kernels, source: EvaluatorSource, sink: StatisticsSink | null = null) {
    this.#kernels = kernels
    this.#source = source
    this.#sink = sink
  }

  conv(x: Value, weight: ParameterRef, stride: number): Value {
    const w = this.#source.readParameter(weight)
    return {
      handle: this.#kernels.conv2d(x.handle, x.shape, w, weight.shape, stride),
      shape: convShape(x, weight, stride),
    }
  }

  convWithBias(x: Value, weight: ParameterRef, bias: ParameterRef, stride: number): Value {
    const kernels = this.#kernels
    const [w, b] = [this.#source.readParameter(weight), this.#source.readParameter(bias)]
    const shape = convShape(x, weight, stride)
    if (kernels.conv2dWithBias !== undefined) {
      return { handle: kernels.conv2dWithBias(x.handle, x.shape, w, weight.shape, stride, b), shape }
    }
    const y = kernels.conv2d(x.handle, x.shape, w, weight.shape, stride)
    try {
      return { handle: kernels.biasAdd(y, b), shape }
    } finally {
      kernels.release(y)
    }
  }

  deconv(x: Value, weight: ParameterRef): Value {
    const shape = deconvShape(x.shape, weight.shape)
    const w = this.#source.readParameter(weight)
    const handle = this.#kernels.conv2dInputGradient(
      x.handle,
      x.shape,
      w,
      weight.shape,
      shape,
      DECONVOLUTION_STRIDE,
    )
    return { handle, shape }
  }

  batchNorm(x: Value, name: string, { relu }: { readonly relu: boolean; readonly momentum: number }): Value {
    const sink = this.#sink
    return sink === null
      ? this.normalise(x, name, relu, this.#source.statistics(name))
      : this.normaliseByBatch(x, name, relu, (batch) => {
          sink(name, batch)
        })
  }

  /** A norm with given statistics. */
  normalise(x: Value, name: string, relu: boolean, { mean, variance }: NormStatistics): Value {
    const { gamma, beta } = this.#affineOf(name)
    return {
      handle: this.#kernels.batchNormInference(x.handle, gamma, beta, mean, variance, relu),
      shape: x.shape,
    }
  }

  /** A norm with the batch's own statistics, which go to `take`. */
  normaliseByBatch(x: Value, name: string, relu: boolean, take: (batch: BatchStatistics) => void): Value {
    const { gamma, beta } = this.#affineOf(name)
    const { mean, variance } = this.#source.statistics(name)
    const out = this.#kernels.batchNormTrain(x.handle, x.shape, gamma, beta, mean, variance, 1, relu)
    out.saved.forEach((handle) => this.#kernels.release(handle))
    const [images = 0, h = 0, w = 0] = x.shape
    try {
      take({
        mean: out.runningMean,
        unbiasedVariance: out.runningVariance,
        images,
        positions: images * h * w,
      })
    } catch (thrown) {
      this.#kernels.release(out.y)
      throw thrown
    }
    return { handle: out.y, shape: x.shape }
  }

  addRelu(xs: readonly Value[]): Value {
    return { handle: this.#kernels.addRelu(xs.map((x) => x.handle)), shape: first(xs).shape }
  }

  upsampleNearest(x: Value, factor: number): Value {
    const [n = 0, h = 0, w = 0, c = 0] = x.shape
    return {
      handle: this.#kernels.upsampleNearest(x.handle, x.shape, factor),
      shape: [n, h * factor, w * factor, c],
    }
  }

  resizeBilinear(x: Value, height: number, width: number): Value {
    const shape: Shape = [x.shape[0] ?? 0, height, width, x.shape[3] ?? 0]
    return { handle: this.#kernels.resizeBilinear(x.handle, x.shape, height, width), shape }
  }

  concat(xs: readonly Value[]): Value {
    const [n = 0, h = 0, w = 0] = first(xs).shape
    const channels = xs.reduce((sum, x) => sum + (x.shape[3] ?? 0), 0)
    return { handle: this.#kernels.concat(xs.map((x) => x.handle)), shape: [n, h, w, channels] }
  }

  discard(x: Value): void {
    this.#kernels.release(x.handle)
  }

  #affineOf(name: string): { readonly gamma: Handle; readonly beta: Handle } {
    const names = this.#source.normParameters(name)
    return {
      gamma: this.#source.readParameter(names.gamma),
      beta: this.#source.readParameter(names.beta),
    }
  }
}

function convShape({ shape: [n = 0, h = 0, w = 0] }: Value, weight: ParameterRef, stride: number): Shape {
  return [n, Math.floor((h - 1) / stride) + 1, Math.floor((w - 1) / stride) + 1, weight.shape[3] ?? 0]
}

function first(xs: readonly Value[]): Value {
  const [value] = xs
  if (value === undefined) {
    throw new RangeError('at least one tensor is needed')
  }
  return value
}
