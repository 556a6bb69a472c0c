import type { Handle } from '../kernels.ts'
import type { TensorflowRuntime } from './runtime.ts'

/** Operations of TensorFlow's oneDNN kernels that do two steps in one pass over the values. */
export interface FusedOperations {
  /** Batch norm with its ReLU, training and inference. */
  readonly normWithRelu: boolean
  readonly convWithBias: boolean
}

export const NO_FUSED_OPERATIONS: FusedOperations = { normWithRelu: false, convWithBias: false }

/** Two pixels of two channels. */
const PIXELS = [1, 1, 2, 2] as const
const INPUT = [-1, 3, 2, -2] as const
/** Epsilon of the norms moves the results below by less. */
const TOLERANCE = 1e-3

/**
 * Asks the library for its fused operations, on values whose results are known. They are in every build with oneDNN, but no public
 * part of TensorFlow: rewriting of graphs makes them, and another version may lack one or give it another form. What is not there,
 * or answers otherwise, is done in two steps.
 */
export function probeFusedOperations(runtime: TensorflowRuntime): FusedOperations {
  const { run, upload, release, attributes } = runtime
  const vector = (...values: number[]): Handle => upload(Float32Array.from(values), [values.length])
  const given = {
    x: upload(Float32Array.from(INPUT), PIXELS),
    kernel: upload(new Float32Array(4).fill(1), [1, 1, 2, 2]),
    ...{ none: vector(), zero: vector(0, 0), one: vector(1, 1), two: vector(2, 2) },
  }
  const { x, kernel, none, zero, one, two } = given
  const answers = (wanted: readonly number[], call: () => readonly Handle[]): boolean =>
    giveSame(runtime, wanted, call)
  try {
    return {
      normWithRelu:
        // Mean 0 and variance 1: 2 x + 1.
        answers([0, 7, 5, 0], () =>
          run(FUSED_NORM, attributes.fusedNormInference, [x, two, one, zero, one], 6),
        ) &&
        // Two values of a channel are normalised to -1 and 1.
        answers([0, 3, 3, 0], () =>
          run(FUSED_NORM, attributes.fusedNormTrain(1), [x, two, one, none, none], 6),
        ),
      // Both outputs are the sum of the channels, plus 1.
      convWithBias: answers([3, 3, 1, 1], () =>
        run(CONV_WITH_BIAS, attributes.convWithBias(1, 1), [x, kernel, one], 1),
      ),
    }
  } finally {
    Object.values(given).forEach(release)
  }
}

export const FUSED_NORM = '_MklNativeFusedBatchNormEx'
export const CONV_WITH_BIAS = '_MklNativeConv2DWithBias'

function giveSame(
  { binding, release }: TensorflowRuntime,
  wanted: readonly number[],
  call: () => readonly Handle[],
): boolean {
  let outputs: readonly Handle[]
  try {
    outputs = call()
  } catch {
    // This build does not know the operation.
    return false
  }
  try {
    const [first] = outputs
    const found = first === undefined ? [] : [...binding.tensorDataSync(first)]
    return (
      found.length === wanted.length &&
      found.every((value, i) => Math.abs(value - (wanted[i] ?? Number.NaN)) <= TOLERANCE)
    )
  } finally {
    outputs.forEach(release)
  }
}
