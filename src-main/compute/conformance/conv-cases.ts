import { TOLERANCE, pick, sizeOf, values, withTensors, worst } from './case-support.ts'
import type { ConformanceCase } from './case-support.ts'
import * as reference from './reference.ts'
import type { KernelShape, Shape4 } from './reference.ts'

type ConvSpec = readonly [
  n: number,
  h: number,
  w: number,
  ci: number,
  co: number,
  k: 1 | 3 | 4,
  stride: number,
]

const CONVOLUTIONS: readonly ConvSpec[] = [
  [2, 6, 8, 5, 7, 3, 1],
  [1, 8, 6, 4, 8, 3, 2],
  [2, 4, 6, 7, 4, 1, 1],
  [3, 9, 7, 3, 6, 3, 1],
  [2, 9, 7, 3, 6, 3, 2],
  [1, 1, 1, 16, 8, 3, 1],
  [1, 2, 2, 8, 8, 3, 2],
  [2, 16, 12, 8, 8, 3, 1],
  [1, 16, 16, 3, 16, 3, 2],
  [4, 4, 4, 32, 16, 1, 1],
  // Sizes at which a backend may take another way for the filter's or the input's gradient.
  [1, 24, 16, 3, 5, 3, 2],
  [2, 20, 24, 6, 4, 3, 2],
  [1, 4, 4, 64, 128, 3, 2],
  [2, 2, 2, 64, 128, 3, 2],
  // The deconvolution of the bottom-up head is the input gradient of such a convolution.
  [2, 8, 12, 8, 42, 4, 2],
  [1, 4, 2, 5, 7, 4, 2],
]

export const CONVOLUTION_CASES: readonly ConformanceCase[] = [
  ...CONVOLUTIONS.flatMap((spec, i) => convCases(spec, i < 3)),
  ...CONVOLUTIONS.filter(([, , , , , kernel]) => kernel < 4).map((spec, i) => biasCase(spec, i < 3)),
]

/** Images and kernels of a case, and how it is called. */
function convolutionOf([n, h, w, ci, co, k, stride]: ConvSpec): reference.ConvCase & {
  readonly label: string
} {
  const xShape: Shape4 = [n, h, w, ci]
  const wShape: KernelShape = [k, k, ci, co]
  return {
    ...{ x: values(sizeOf(xShape), 1), xShape, w: values(sizeOf(wShape), 2), wShape, stride },
    label: `${k}x${k} stride ${stride}, [${xShape.join(',')}] -> ${co}`,
  }
}

/** In one pass where the backend has it. */
function biasCase(spec: ConvSpec, isQuick: boolean): ConformanceCase {
  const { label, ...c } = convolutionOf(spec)
  const { x, xShape, w: weight, wShape, stride } = c
  const co = wShape[3]
  const bias = values(co, 3)
  return {
    name: `conv with bias ${label}`,
    isQuick,
    tolerance: TOLERANCE,
    run: (kernels) =>
      worst(
        withTensors(
          kernels,
          [
            [x, xShape],
            [weight, wShape],
            [bias, [co]],
          ],
          (t) => {
            const [input, kernel, own] = [pick(t, 0), pick(t, 1), pick(t, 2)]
            if (kernels.conv2dWithBias !== undefined) {
              return [kernels.conv2dWithBias(input, xShape, kernel, wShape, stride, own)]
            }
            const y = kernels.conv2d(input, xShape, kernel, wShape, stride)
            const sum = kernels.biasAdd(y, own)
            kernels.release(y)
            return [sum]
          },
        ),
        [reference.conv2d(c).map((value, i) => value + reference.at(bias, i % co))],
      ),
  }
}

function convCases(spec: ConvSpec, isQuick: boolean): ConformanceCase[] {
  const { label, ...c } = convolutionOf(spec)
  const { x, xShape, w: weight, wShape, stride } = c
  const yShape = reference.convOutputShape(xShape, wShape, stride)
  const dy = values(sizeOf(yShape), 3)
  return [
    {
      name: `conv ${label}`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) =>
        worst(
          withTensors(
            kernels,
            [
              [x, xShape],
              [weight, wShape],
            ],
            (t) => [kernels.conv2d(pick(t, 0), xShape, pick(t, 1), wShape, stride)],
          ),
          [reference.conv2d(c)],
        ),
    },
    {
      name: `conv gradients ${label}`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) => {
        const { dx, dw } = reference.conv2dGradients(c, dy)
        const got = withTensors(
          kernels,
          [
            [x, xShape],
            [weight, wShape],
            [dy, yShape],
          ],
          (t) => [
            kernels.conv2dInputGradient(pick(t, 2), yShape, pick(t, 1), wShape, xShape, stride),
            kernels.conv2dFilterGradient(pick(t, 0), xShape, pick(t, 2), yShape, wShape, stride),
          ],
        )
        return worst(got, [dx, dw])
      },
    },
  ]
}
