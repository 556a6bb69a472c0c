import type { Handle, Kernels, Shape } from '../kernels.ts'
import { CONV_WITH_BIAS } from './fused-operations.ts'
import type { FusedOperations } from './fused-operations.ts'
import type { TensorflowRuntime } from './runtime.ts'

type Convolutions = Pick<
  Kernels,
  'conv2d' | 'conv2dInputGradient' | 'conv2dFilterGradient' | 'conv2dWithBias' | 'biasAdd' | 'biasGradient'
>

/** @param isCpu - Chooses among ways that are equally good on a GPU. */
export function createConvolutions(
  runtime: TensorflowRuntime,
  fused: FusedOperations,
  isCpu: boolean,
): Convolutions {
  const { one, attributes, shapeOf } = runtime
  const padded = createPaddedGradients(runtime)
  return {
    conv2d: (x, _xShape, w, wShape, stride) => one('Conv2D', attributes.conv(wShape[0] ?? 1, stride), [x, w]),
    conv2dInputGradient: (dy, _dyShape, w, wShape, xShape, stride) =>
      isCpu && isHalving(wShape, xShape, stride) && isSmallAndDeep(wShape, xShape)
        ? padded.input(dy, w, xShape)
        : one('Conv2DBackpropInput', attributes.conv(wShape[0] ?? 1, stride), [shapeOf(xShape), w, dy]),
    conv2dFilterGradient: (x, xShape, dy, _dyShape, wShape, stride) =>
      isCpu && isHalving(wShape, xShape, stride) && isLarge(xShape)
        ? padded.filter(x, dy, wShape)
        : one('Conv2DBackpropFilter', attributes.conv(wShape[0] ?? 1, stride), [x, shapeOf(wShape), dy]),
    ...(fused.convWithBias && {
      conv2dWithBias: (x: Handle, _xShape: Shape, w: Handle, wShape: Shape, stride: number, bias: Handle) =>
        one(CONV_WITH_BIAS, attributes.convWithBias(wShape[0] ?? 1, stride), [x, w, bias]),
    }),

    biasAdd: (x, bias) => one('BiasAdd', attributes.nhwc, [x, bias]),
    biasGradient: (dy) => one('BiasAddGrad', attributes.nhwc, [dy]),
  }
}

/** 3x3 at stride 2 on even sizes: the last row and column of the padding is under no kernel. */
function isHalving([kernel]: Shape, [, height = 0, width = 0]: Shape, stride: number): boolean {
  return kernel === 3 && stride === 2 && height % 2 === 0 && width % 2 === 0
}

/** Pixels from which the filter's gradient by oneDNN, with the copy that it needs, is faster than Eigen's (measured: 1.3 to 4 times). */
const LARGE_PIXELS = 384

function isLarge([, height = 0, width = 0]: Shape): boolean {
  return height * width >= LARGE_PIXELS
}

/** Where the input's gradient by oneDNN, with its copy, is faster than Eigen's (measured: 1.1 to 4 times). */
const DEEP_CHANNELS = 64 * 128
const SMALL_PIXELS = 32 * 24

function isSmallAndDeep([, , inputs = 0, outputs = 0]: Shape, [, height = 0, width = 0]: Shape): boolean {
  return height * width <= SMALL_PIXELS && inputs * outputs >= DEEP_CHANNELS
}

/**
 * Gradients at stride 2 by oneDNN, which takes no padding that is written out: the pixel above and left of the images becomes part of
 * them, and the one below and right is not needed at even sizes.
 */
function createPaddedGradients({ one, attributes, shapeOf, intTensor, release }: TensorflowRuntime): {
  readonly input: (dy: Handle, w: Handle, xShape: Shape) => Handle
  readonly filter: (x: Handle, dy: Handle, wShape: Shape) => Handle
} {
  return {
    input(dy, w, xShape) {
      const [n = 0, height = 0, width = 0, channels = 0] = xShape
      const grown = shapeOf([n, height + 1, width + 1, channels])
      const whole = one('Conv2DBackpropInput', attributes.validConv, [grown, w, dy])
      try {
        return one('Slice', attributes.slice, [whole, shapeOf([0, 1, 1, 0]), shapeOf(xShape)])
      } finally {
        release(whole)
      }
    },
    filter(x, dy, wShape) {
      const grown = one('Pad', attributes.pad, [x, intTensor([0, 0, 1, 0, 1, 0, 0, 0], [4, 2])])
      try {
        return one('Conv2DBackpropFilter', attributes.validConv, [grown, shapeOf(wShape), dy])
      } finally {
        release(grown)
      }
    },
  }
}
