import type { Handle, Kernels, Shape, Variable } from '../kernels.ts'
import type { TensorflowRuntime } from './runtime.ts'

type Variables = Pick<
  Kernels,
  'createVariable' | 'readVariable' | 'assignVariable' | 'releaseVariable' | 'applyAdam' | 'applyMomentum'
>

let variableCount = 0

/** Resource variables and the optimizers that update them in place. */
export function createVariables(runtime: TensorflowRuntime): Variables {
  const { run, one, attributes, upload, release } = runtime
  const slots = new Map<number, Handle>()
  const slotOf = (variable: Variable): Handle => {
    const slot = slots.get(variable.slot)
    if (slot === undefined) {
      throw new Error(`variable ${variable.slot} was released`)
    }
    return slot
  }
  const assign = (slot: Handle, values: Float32Array, shape: Shape): void => {
    const value = upload(values, shape)
    try {
      run('AssignVariableOp', attributes.variableType, [slot, value], 0)
    } finally {
      release(value)
    }
  }

  return {
    createVariable(values, shape) {
      variableCount += 1
      const slot = one('VarHandleOp', attributes.handle(shape, `v${process.pid}_${variableCount}`), [])
      try {
        assign(slot, values, shape)
      } catch (thrown) {
        release(slot)
        throw thrown
      }
      slots.set(variableCount, slot)
      return { shape, slot: variableCount }
    },
    readVariable: (variable) => one('ReadVariableOp', attributes.variableType, [slotOf(variable)]),
    assignVariable: (variable, values) => {
      assign(slotOf(variable), values, variable.shape)
    },
    releaseVariable(variable) {
      const slot = slotOf(variable)
      slots.delete(variable.slot)
      try {
        run('DestroyResourceOp', [], [slot], 0)
      } finally {
        release(slot)
      }
    },
    ...createOptimizers(runtime, slotOf),
  }
}

type Optimizers = Pick<Kernels, 'applyAdam' | 'applyMomentum'>

function createOptimizers(runtime: TensorflowRuntime, slotOf: (variable: Variable) => Handle): Optimizers {
  const { run, one, attributes, release, scalar, recentScalar } = runtime
  const addDecay = (variable: Variable, gradient: Handle, weightDecay: number): Handle => {
    const value = one('ReadVariableOp', attributes.variableType, [slotOf(variable)])
    let decay: Handle
    try {
      decay = one('Mul', attributes.float, [value, scalar(weightDecay)])
    } finally {
      // Released before the update: a live read makes TensorFlow copy the whole variable.
      release(value)
    }
    try {
      return one('AddV2', attributes.float, [gradient, decay])
    } finally {
      release(decay)
    }
  }
  return {
    applyAdam(variable, m, v, gradient, { learningRate, beta1, beta2, epsilon, step }) {
      const correction2 = 1 - beta2 ** step
      // TensorFlow adds eps to the uncorrected root; scaled by the correction it equals PyTorch's (method.md 5.4).
      const scaledEpsilon = epsilon * Math.sqrt(correction2)
      run(
        'ResourceApplyAdam',
        attributes.adam,
        [
          slotOf(variable),
          slotOf(m),
          slotOf(v),
          recentScalar(beta1 ** step),
          recentScalar(beta2 ** step),
          recentScalar(learningRate),
          scalar(beta1),
          scalar(beta2),
          recentScalar(scaledEpsilon),
          gradient,
        ],
        0,
      )
    },
    applyMomentum(variable, buffer, gradient, { learningRate, momentum, weightDecay }) {
      const decayed = weightDecay === 0 ? gradient : addDecay(variable, gradient, weightDecay)
      try {
        run(
          'ResourceApplyMomentum',
          attributes.momentum,
          [slotOf(variable), slotOf(buffer), recentScalar(learningRate), decayed, scalar(momentum)],
          0,
        )
      } finally {
        if (decayed !== gradient) {
          release(decayed)
        }
      }
    },
  }
}
