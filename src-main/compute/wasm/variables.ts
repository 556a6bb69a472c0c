import type { AdamStep, Handle, MomentumStep, Variable } from '../kernels.ts'
import { OwnVariables } from '../own-variables.ts'
import { vectorsOf } from './wasm-heap.ts'
import type { WasmHeap } from './wasm-heap.ts'

/** Writing in place is safe here because no kernel of tfjs that remembers packed weights ever sees them. */
export class WasmVariables extends OwnVariables<WasmHeap> {
  assign(variable: Variable, values: Float32Array): void {
    const target = this.tensors.floats(this.tensorOf(variable))
    if (values.length !== target.length) {
      throw new RangeError(`the variable holds ${target.length} values, got ${values.length}`)
    }
    target.set(values)
  }

  applyAdam(variable: Variable, m: Variable, v: Variable, gradient: Handle, p: AdamStep): void {
    const w = this.tensorOf(variable)
    const size = this.sizeFor(variable, gradient)
    this.tensors.simd.adam(
      this.tensors.addressOf(w),
      this.tensors.addressOf(this.tensorOf(m)),
      this.tensors.addressOf(this.tensorOf(v)),
      this.tensors.addressOf(gradient),
      vectorsOf(size),
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
    const w = this.tensorOf(variable)
    const size = this.sizeFor(variable, gradient)
    this.tensors.simd.momentum(
      this.tensors.addressOf(w),
      this.tensors.addressOf(this.tensorOf(buffer)),
      this.tensors.addressOf(gradient),
      vectorsOf(size),
      p.momentum,
      p.weightDecay,
      p.learningRate,
    )
  }
}
