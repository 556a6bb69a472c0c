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
  bias(x: Value, bias: ParameterRef): Value
  /** `name` finds gamma, beta and the statistics. */
  batchNorm(x: Value, name: string, options: { readonly relu: boolean; readonly momentum: number }): Value
  addRelu(xs: readonly Value[]): Value
  upsampleNearest(x: Value, factor: number): Value
  resizeBilinear(x: Value, height: number, width: number): Value
  concat(xs: readonly Value[]): Value
  /** Called when no later layer reads the value. */
  discard(x: Value): void
}
