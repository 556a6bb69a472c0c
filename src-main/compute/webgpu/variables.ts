import type { AdamStep, Handle, MomentumStep, Variable } from '../kernels.ts'
import { OwnVariables } from '../own-variables.ts'
import type { GpuTensors } from './gpu-tensors.ts'
import { ELEMENT_THREADS, FOR_EACH_ELEMENT } from './program.ts'
import type { Program } from './program.ts'

const ADAM: Program<'count' | 'beta1' | 'beta2' | 'rest1' | 'rest2' | 'rate' | 'correction' | 'epsilon'> = {
  name: 'Adam',
  threads: ELEMENT_THREADS,
  reads: [{ name: 'g', type: 'f32' }],
  writes: [
    { name: 'w', type: 'f32' },
    { name: 'm', type: 'f32' },
    { name: 'v', type: 'f32' },
  ],
  parameters: {
    ...{ count: 'u32', beta1: 'f32', beta2: 'f32', rest1: 'f32', rest2: 'f32' },
    ...{ rate: 'f32', correction: 'f32', epsilon: 'f32' },
  },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  m[i] = p.beta1 * m[i] + p.rest1 * g[i];
  v[i] = p.beta2 * v[i] + p.rest2 * g[i] * g[i];
  w[i] -= p.rate * m[i] / (sqrt(v[i]) * p.correction + p.epsilon);`,
}

const MOMENTUM: Program<'count' | 'rate' | 'momentum' | 'decay'> = {
  name: 'momentum',
  threads: ELEMENT_THREADS,
  reads: [{ name: 'g', type: 'f32' }],
  writes: [
    { name: 'w', type: 'f32' },
    { name: 'velocity', type: 'f32' },
  ],
  parameters: { count: 'u32', rate: 'f32', momentum: 'f32', decay: 'f32' },
  declarations: '',
  main: `${FOR_EACH_ELEMENT}
  velocity[i] = p.momentum * velocity[i] + g[i] + p.decay * w[i];
  w[i] -= p.rate * velocity[i];`,
}

export class GpuVariables extends OwnVariables<GpuTensors> {
  assign(variable: Variable, values: Float32Array): void {
    this.tensors.write(this.tensorOf(variable), values)
  }

  applyAdam(variable: Variable, m: Variable, v: Variable, gradient: Handle, step: AdamStep): void {
    const written = [variable, m, v].map((slot) => this.tensorOf(slot))
    const { beta1, beta2, learningRate, epsilon } = step
    this.tensors.each(ADAM, [gradient], written, {
      count: this.sizeFor(variable, gradient),
      ...{ beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2, epsilon },
      rate: learningRate / (1 - beta1 ** step.step),
      correction: 1 / Math.sqrt(1 - beta2 ** step.step),
    })
  }

  applyMomentum(variable: Variable, buffer: Variable, gradient: Handle, step: MomentumStep): void {
    this.tensors.each(MOMENTUM, [gradient], [this.tensorOf(variable), this.tensorOf(buffer)], {
      count: this.sizeFor(variable, gradient),
      ...{ rate: step.learningRate, momentum: step.momentum, decay: step.weightDecay },
    })
  }
}
