import type { Kernels } from '../kernels.ts'
import type { TensorflowRuntime } from './runtime.ts'

type Convolutions = Pick<
  Kernels,
  'conv2d' | 'conv2dInputGradient' | 'conv2dFilterGradient' | 'biasAdd' | 'biasGradient'
>

export function createConvolutions({ one, attributes, shapeOf }: TensorflowRuntime): Convolutions {
  return {
    conv2d: (x, _xShape, w, wShape, stride) => one('Conv2D', attributes.conv(wShape[0] ?? 1, stride), [x, w]),
    conv2dInputGradient: (dy, _dyShape, w, wShape, xShape, stride) =>
      one('Conv2DBackpropInput', attributes.conv(wShape[0] ?? 1, stride), [shapeOf(xShape), w, dy]),
    conv2dFilterGradient: (x, _xShape, dy, _dyShape, wShape, stride) =>
      one('Conv2DBackpropFilter', attributes.conv(wShape[0] ?? 1, stride), [x, shapeOf(wShape), dy]),

    biasAdd: (x, bias) => one('BiasAdd', attributes.nhwc, [x, bias]),
    biasGradient: (dy) => one('BiasAddGrad', attributes.nhwc, [dy]),
  }
}
