import type { Handle, Kernels, Variable } from '../compute/kernels.ts'
import type { OptimizerConfig } from '../contract/index.ts'
import type { Supernet, SupernetParameter } from '../supernet/supernet.ts'

/** method.md 5.4: Adam's constants are PyTorch's; TensorFlow's own default eps would be 1e-7. */
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const

/** Optimizer state of one tensor on the host, in device layout. */
export interface ParameterState {
  readonly slots: readonly Float32Array[]
  readonly updates: number
}

interface DeviceState {
  readonly slots: readonly Variable[]
  updates: number
}

/**
 * Adam or SGD with momentum over the tensors of a super-network. State belongs to a tensor and is made at its first gradient;
 * Adam's step count is per tensor, so a tensor that rests for some iterations does not age (`skipIdle`, method.md D 14).
 */
export class Optimizer {
  readonly #kernels: Kernels
  readonly #supernet: Supernet
  readonly #config: OptimizerConfig
  readonly #states = new Map<string, DeviceState>()

  constructor(supernet: Supernet, config: OptimizerConfig) {
    this.#kernels = supernet.kernels
    this.#supernet = supernet
    this.#config = config
  }

  update(name: string, gradient: Handle, learningRate: number): void {
    const parameter = this.#supernet.parameter(name)
    const state = this.#stateOf(parameter)
    state.updates += 1
    const [first, second] = state.slots
    if (this.#config.kind === 'adam') {
      if (first !== undefined && second !== undefined) {
        this.#kernels.applyAdam(parameter.variable, first, second, gradient, {
          ...ADAM,
          learningRate,
          step: state.updates,
        })
      }
    } else if (first !== undefined) {
      const { momentum, weightDecay } = this.#config
      this.#kernels.applyMomentum(parameter.variable, first, gradient, {
        learningRate,
        momentum,
        weightDecay,
      })
    }
  }

  /**
   * `zeroGradient`: tensors that had a gradient before but none now still move by momentum, Adam and decay, as under the
   * framework version of the reference code. Call after the active ones were updated.
   */
  updateIdle(active: ReadonlySet<string>, learningRate: number): void {
    for (const name of this.#states.keys()) {
      if (!active.has(name)) {
        const parameter = this.#supernet.parameter(name)
        const zero = this.#kernels.upload(new Float32Array(sizeOf(parameter)), parameter.shape)
        try {
          this.update(name, zero, learningRate)
        } finally {
          this.#kernels.release(zero)
        }
      }
    }
  }

  async state(): Promise<ReadonlyMap<string, ParameterState>> {
    const states = new Map<string, ParameterState>()
    for (const [name, { slots, updates }] of this.#states) {
      const values: Float32Array[] = []
      for (const slot of slots) {
        const handle = this.#kernels.readVariable(slot)
        values.push(await this.#kernels.download(handle))
        this.#kernels.release(handle)
      }
      states.set(name, { slots: values, updates })
    }
    return states
  }

  /** @throws RangeError if a state is of another optimizer, or does not fit its tensor; nothing is restored then. */
  restore(states: ReadonlyMap<string, ParameterState>): void {
    for (const [name, state] of states) {
      this.#checkState(name, state)
    }
    for (const [name, { slots, updates }] of states) {
      const state = this.#stateOf(this.#supernet.parameter(name))
      state.updates = updates
      state.slots.forEach((slot, i) => {
        this.#kernels.assignVariable(slot, slots[i] ?? new Float32Array(0))
      })
    }
  }

  dispose(): void {
    for (const { slots } of this.#states.values()) {
      slots.forEach((slot) => {
        this.#kernels.releaseVariable(slot)
      })
    }
    this.#states.clear()
  }

  #checkState(name: string, { slots }: ParameterState): void {
    const size = sizeOf(this.#supernet.parameter(name))
    if (slots.length !== this.#slotCount || slots.some((values) => values.length !== size)) {
      const given = slots.map((values) => values.length).join(' + ')
      throw new RangeError(
        `the optimizer state of ${name} holds ${given} values; ${this.#config.kind} needs ${this.#slotCount} times ${size}`,
      )
    }
  }

  /** Adam keeps two moments, SGD one buffer. */
  get #slotCount(): number {
    return this.#config.kind === 'adam' ? 2 : 1
  }

  #stateOf(parameter: SupernetParameter): DeviceState {
    const { name, shape } = parameter
    let state = this.#states.get(name)
    if (state === undefined) {
      const size = sizeOf(parameter)
      const slots: Variable[] = []
      try {
        while (slots.length < this.#slotCount) {
          slots.push(this.#kernels.createVariable(new Float32Array(size), shape))
        }
      } catch (thrown) {
        slots.forEach((slot) => {
          this.#kernels.releaseVariable(slot)
        })
        throw thrown
      }
      state = { slots, updates: 0 }
      this.#states.set(name, state)
    }
    return state
  }
}

function sizeOf({ shape }: SupernetParameter): number {
  return shape.reduce((a, b) => a * b, 1)
}
