/** A tensor on the host, C order: convolutions O, I, kh, kw as in PyTorch. */
export interface StateTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** What a file of weights holds. */
export interface StateDict {
  /** Names as in the file → values in float32; float16, bfloat16 and float64 are converted. */
  readonly tensors: ReadonlyMap<string, StateTensor>
  /** Names of integer tensors, which no network reads: PyTorch's `num_batches_tracked`. */
  readonly counters: readonly string[]
}
