import type { AdamStep, Handle, MomentumStep, Shape, Variable } from '../kernels.ts'
import { vectorsOf } from './wasm-heap.ts'
import type { WasmHeap } from './wasm-heap.ts'

/**
 * Trainable values: tensors that the optimizers write in place. That is safe here because no kernel of tfjs that remembers packed
 * weights ever sees them.
 */
export class WasmVariables {
  readonly #heap: WasmHeap
  readonly #tensors = new Map<number, Handle>()
  #lastSlot = 0

  constructor(heap: WasmHeap) {
    this.#heap = heap
  }

  create(values: Float32Array, shape: Shape): Variable {
    this.#lastSlot += 1
    this.#tensors.set(this.#lastSlot, this.#heap.upload(values, shape))
    return { shape, slot: this.#lastSlot }
  }

  /** Shares the memory of the variable, so it must not outlive the next update. */
  read(variable: Variable): Handle {
    return this.#heap.alias(this.#tensorOf(variable))
  }

  assign(variable: Variable, values: Float32Array): void {
    const target = this.#heap.floats(this.#tensorOf(variable))
    if (values.length !== target.length) {
      throw new RangeError(`the variable holds ${target.length} values, got ${values.length}`)
    }
    target.set(values)
  }

  release(variable: Variable): void {
    this.#heap.release(this.#tensorOf(variable))
    this.#tensors.delete(variable.slot)
  }

  applyAdam(variable: Variable, m: Variable, v: Variable, gradient: Handle, p: AdamStep): void {
    const w = this.#tensorOf(variable)
    this.#heap.simd.adam(
      this.#heap.addressOf(w),
      this.#heap.addressOf(this.#tensorOf(m)),
      this.#heap.addressOf(this.#tensorOf(v)),
      this.#gradientOf(w, gradient),
      vectorsOf(this.#heap.sizeOf(w)),
      p.beta1,
      1 - p.beta1,
      p.beta2,
      1 - p.beta2,
      p.learningRate / (1 - p.beta1 ** p.step),
      1 / Math.sqrt(1 - p.beta2 ** p.step),
      p.epsilon,
    )
  }

  applyMomentum(variable: Variable, buffer: Variable, gradient: Handle, p: MomentumStep): void {
    const w = this.#tensorOf(variable)
    this.#heap.simd.momentum(
      this.#heap.addressOf(w),
      this.#heap.addressOf(this.#tensorOf(buffer)),
      this.#gradientOf(w, gradient),
      vectorsOf(this.#heap.sizeOf(w)),
      p.momentum,
      p.weightDecay,
      p.learningRate,
    )
  }

  #gradientOf(w: Handle, gradient: Handle): number {
    if (this.#heap.sizeOf(w) !== this.#heap.sizeOf(gradient)) {
      throw new RangeError(
        `a gradient of ${this.#heap.sizeOf(gradient)} values for ${this.#heap.sizeOf(w)} weights`,
      )
    }
    return this.#heap.addressOf(gradient)
  }

  #tensorOf(variable: Variable): Handle {
    const tensor = this.#tensors.get(variable.slot)
    if (tensor === undefined) {
      throw new Error(`variable ${variable.slot} was released`)
    }
    return tensor
  }
}
