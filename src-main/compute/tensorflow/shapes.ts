import type { Kernels } from '../kernels.ts'
import type { TensorflowRuntime } from './runtime.ts'

type Shapes = Pick<
  Kernels,
  | 'upsampleNearest'
  | 'upsampleNearestGradient'
  | 'resizeBilinear'
  | 'resizeBilinearGradient'
  | 'concat'
  | 'sliceChannels'
  | 'reshape'
  | 'flipWidth'
  | 'softmaxCrossEntropy'
  | 'argMaxChannels'
>

/** Resizing, joining and reading out. */
export function createShapes(runtime: TensorflowRuntime): Shapes {
  const { run, one, attributes, release, scalar, intScalar, shapeOf } = runtime
  return {
    upsampleNearest: (x, shape, factor) =>
      one('ResizeNearestNeighbor', attributes.resizeNearest, [
        x,
        shapeOf([(shape[1] ?? 0) * factor, (shape[2] ?? 0) * factor]),
      ]),
    upsampleNearestGradient(dy, _dyShape, factor) {
      // The sum over a factor x factor block, as mean times count: TensorFlow's own gradient kernel is a scalar loop.
      const mean = one('AvgPool', attributes.pool(factor), [dy])
      try {
        return one('Mul', attributes.float, [mean, scalar(factor * factor)])
      } finally {
        release(mean)
      }
    },
    resizeBilinear: (x, _shape, height, width) =>
      one('ResizeBilinear', attributes.resizeBilinear, [x, shapeOf([height, width])]),
    resizeBilinearGradient: (dy, x) => one('ResizeBilinearGrad', attributes.resizeBilinear, [dy, x]),

    concat: (tensors) => one('ConcatV2', attributes.concat(tensors.length), [...tensors, intScalar(3)]),
    sliceChannels: (x, _shape, begin, size) =>
      one('Slice', attributes.slice, [x, shapeOf([0, 0, 0, begin]), shapeOf([-1, -1, -1, size])]),
    reshape: (x, shape) => one('Reshape', attributes.reshape, [x, shapeOf(shape)]),
    flipWidth: (x) => one('ReverseV2', attributes.reverse, [x, shapeOf([2])]),

    softmaxCrossEntropy(logits, labels) {
      const [loss, backprop] = run(
        'SparseSoftmaxCrossEntropyWithLogits',
        attributes.crossEntropy,
        [logits, labels],
        2,
      )
      if (loss === undefined || backprop === undefined) {
        throw new Error('SparseSoftmaxCrossEntropyWithLogits returned fewer outputs than declared')
      }
      return [loss, backprop]
    },
    argMaxChannels(x) {
      const index = one('ArgMax', attributes.argMax, [x, intScalar(3)])
      try {
        return one('Cast', attributes.castIntToFloat, [index])
      } finally {
        release(index)
      }
    },
  }
}
