import type { Handle, Kernels } from '../kernels.ts'
import type { TensorflowRuntime } from './runtime.ts'

type Elementwise = Pick<
  Kernels,
  'add' | 'addRelu' | 'reluGradient' | 'sub' | 'mul' | 'scale' | 'sumOfSquares' | 'sum'
>

export function createElementwise({
  one,
  attributes,
  release,
  scalar,
  shapeOf,
}: TensorflowRuntime): Elementwise {
  const sumAll = (tensors: readonly Handle[]): Handle =>
    tensors.length === 2
      ? one('AddV2', attributes.float, tensors)
      : one('AddN', attributes.addN(tensors.length), tensors)
  return {
    add: (tensors) => (tensors.length === 1 ? one('Identity', attributes.float, tensors) : sumAll(tensors)),
    addRelu(tensors) {
      const [first] = tensors
      if (first !== undefined && tensors.length === 1) {
        return one('Relu', attributes.float, [first])
      }
      const sum = sumAll(tensors)
      try {
        return one('Relu', attributes.float, [sum])
      } finally {
        release(sum)
      }
    },
    reluGradient: (dy, y) => one('ReluGrad', attributes.float, [dy, y]),
    sub: (a, b) => one('Sub', attributes.float, [a, b]),
    mul: (a, b) => one('Mul', attributes.float, [a, b]),
    scale: (x, factor) => one('Mul', attributes.float, [x, scalar(factor)]),
    sumOfSquares(x) {
      const half = one('L2Loss', attributes.float, [x])
      try {
        return one('Mul', attributes.float, [half, scalar(2)])
      } finally {
        release(half)
      }
    },
    sum: (x) => one('Sum', attributes.reduce, [x, shapeOf([0])]),
  }
}
