import type { Handle } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import { Tape } from '../compute/tape.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import type { EvaluationSession, Supernet } from '../supernet/supernet.ts'
import { distillation } from '../tasks/squared-losses.ts'
import type { DeviceBatch, LossParts } from '../tasks/task.ts'
import type { Optimizer } from './optimizer.ts'

export interface Teacher {
  readonly session: EvaluationSession
  /** The largest network. */
  readonly plan: NetworkPlan
}

export interface IterationOptions {
  readonly supernet: Supernet
  readonly optimizer: Optimizer
  readonly plan: NetworkPlan
  readonly batch: DeviceBatch
  readonly learningRate: number
  /** Null trains without distillation. */
  readonly teacher: Teacher | null
  readonly distillationWeight: number
  readonly idleWeights: 'skipIdle' | 'zeroGradient'
}

/** Losses of one iteration as scalars on the device; whoever reads them releases them. */
export interface IterationLosses {
  readonly task: Handle
  readonly distillation: Handle | null
}

/**
 * One update of the shared weights through one sub-network (method.md 5.2): forward, task loss plus distillation, backward over
 * the active tensors, optimizer.
 */
export function trainIteration(options: IterationOptions): IterationLosses {
  const { supernet, optimizer, plan, batch, learningRate } = options
  const tape = new Tape(supernet.kernels, supernet.trainingSource())
  const active = new Set<string>()
  const scalars: Handle[] = []
  try {
    const outputs = supernet.forwardTraining(plan, tape, tape.constant(batch.input.handle, batch.input.shape))
    const task = addLoss(outputs, batch.loss(outputs))
    const distilled = distil(options, outputs)
    const distillation = distilled === null ? null : addLoss(outputs, distilled)
    tape.backward(({ name }, gradient) => {
      active.add(name)
      optimizer.update(name, gradient, learningRate)
    })
    if (options.idleWeights === 'zeroGradient') {
      optimizer.updateIdle(active, learningRate)
    }
    return { task, distillation }
  } catch (thrown) {
    // A failure in the middle (out of memory) must not leave half a forward pass on the device.
    tape.dispose()
    scalars.forEach((scalar) => {
      supernet.kernels.release(scalar)
    })
    throw thrown
  }

  function addLoss(outputs: readonly Value[], { value, gradients }: LossParts): Handle {
    scalars.push(value)
    for (const [i, output] of outputs.entries()) {
      const gradient = gradients[i]
      if (gradient !== undefined) {
        tape.loss(output, value, gradient)
      }
    }
    return value
  }
}

function distil(options: IterationOptions, outputs: readonly Value[]): LossParts | null {
  const { supernet, batch, teacher, distillationWeight } = options
  if (teacher === null || distillationWeight === 0) {
    return null
  }
  const { outputs: targets } = teacher.session.forward(teacher.plan, batch.input)
  try {
    return distillation(supernet.kernels, outputs, targets, distillationWeight)
  } finally {
    for (const { handle } of targets) {
      supernet.kernels.release(handle)
    }
  }
}
