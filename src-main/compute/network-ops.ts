import type { Handle, Shape } from './kernels.ts'

/** A tensor inside one forward pass. */
export interface Value {
  readonly handle: Handle
  readonly shape: Shape
}

/** Statistics of one batch norm on the device. */
export interface NormStatistics {
  readonly mean: Handle
  readonly variance: Handle
}

/** What a forward pass needs of a trainable tensor. */
export interface ParameterRef {
  readonly name: string
  readonly shape: Shape
}

/**
 * The operations that a network plan is made of. The tape implements them with gradients, the evaluator without; a network is
 * written once against this interface.
 */
export interface NetworkOps {
  conv(x: Value, weight: ParameterRef, stride: number): Value
  /** Transposed convolution, kernel 4, stride 2, padding 1: x [N,H,W,I] with weight [4,4,O,I] → [N,2H,2W,O]. */
  deconv(x: Value, weight: ParameterRef): Value
  convWithBias(x: Value, weight: ParameterRef, bias: ParameterRef, stride: number): Value
  /** `name` finds gamma, beta and the statistics. */
  batchNorm(x: Value, name: string, options: { readonly relu: boolean; readonly momentum: number }): Value
  addRelu(xs: readonly Value[]): Value
  upsampleNearest(x: Value, factor: number): Value
  resizeBilinear(x: Value, height: number, width: number): Value
  concat(xs: readonly Value[]): Value
  /** Called when no later layer reads the value. */
  discard(x: Value): void
}

export const DECONVOLUTION_STRIDE = 2

/** Shape of {@link NetworkOps.deconv}'s result. */
export function deconvShape([n = 0, h = 0, w = 0]: Shape, weight: Shape): Shape {
  return [n, DECONVOLUTION_STRIDE * h, DECONVOLUTION_STRIDE * w, weight[2] ?? 0]
}

/** The output of a network that has one. @throws RangeError if it has more. */
export function singleOutput(outputs: readonly Value[]): Value {
  const [output] = outputs
  if (output === undefined || outputs.length !== 1) {
    throw new RangeError(`a network with one output was expected, this one has ${outputs.length}`)
  }
  return output
}
