import type { AdamStep, Handle, Kernels, MomentumStep, Shape, Variable } from './kernels.ts'

/** What variables need of the tensors of a backend. */
interface Tensors {
  upload(values: Float32Array, shape: Shape): Handle
  alias(tensor: Handle): Handle
  release(tensor: Handle): void
  sizeOf(tensor: Handle): number
}

/** Trainable values of a backend of our own: tensors that the optimizers write in place. */
export abstract class OwnVariables<T extends Tensors> {
  protected readonly tensors: T
  readonly #bySlot = new Map<number, Handle>()
  #lastSlot = 0

  constructor(tensors: T) {
    this.tensors = tensors
  }

  create(values: Float32Array, shape: Shape): Variable {
    this.#lastSlot += 1
    this.#bySlot.set(this.#lastSlot, this.tensors.upload(values, shape))
    return { shape, slot: this.#lastSlot }
  }

  /** Shares the memory of the variable, so it must not outlive the next update. */
  read(variable: Variable): Handle {
    return this.tensors.alias(this.tensorOf(variable))
  }

  release(variable: Variable): void {
    this.tensors.release(this.tensorOf(variable))
    this.#bySlot.delete(variable.slot)
  }

  abstract assign(variable: Variable, values: Float32Array): void
  abstract applyAdam(variable: Variable, m: Variable, v: Variable, gradient: Handle, step: AdamStep): void
  abstract applyMomentum(variable: Variable, buffer: Variable, gradient: Handle, step: MomentumStep): void

  /** Number of weights. @throws RangeError if the gradient has another. */
  protected sizeFor(variable: Variable, gradient: Handle): number {
    const size = this.tensors.sizeOf(this.tensorOf(variable))
    if (size !== this.tensors.sizeOf(gradient)) {
      throw new RangeError(`a gradient of ${this.tensors.sizeOf(gradient)} values for ${size} weights`)
    }
    return size
  }

  protected tensorOf(variable: Variable): Handle {
    const tensor = this.#bySlot.get(variable.slot)
    if (tensor === undefined) {
      throw new Error(`variable ${variable.slot} was released`)
    }
    return tensor
  }
}

type VariableKernels = Pick<
  Kernels,
  'createVariable' | 'readVariable' | 'assignVariable' | 'releaseVariable' | 'applyAdam' | 'applyMomentum'
>

export function variableKernels(variables: OwnVariables<Tensors>): VariableKernels {
  return {
    createVariable: (values, shape) => variables.create(values, shape),
    readVariable: (variable) => variables.read(variable),
    assignVariable: (variable, values) => {
      variables.assign(variable, values)
    },
    releaseVariable: (variable) => {
      variables.release(variable)
    },
    applyAdam: (variable, m, v, gradient, step) => {
      variables.applyAdam(variable, m, v, gradient, step)
    },
    applyMomentum: (variable, buffer, gradient, step) => {
      variables.applyMomentum(variable, buffer, gradient, step)
    },
  }
}
