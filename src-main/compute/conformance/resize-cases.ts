import { TOLERANCE, pick, sizeOf, values, withTensors, worst } from './case-support.ts'
import type { ConformanceCase } from './case-support.ts'
import * as reference from './reference.ts'
import type { Shape4 } from './reference.ts'

export function nearestCases(factor: number, isQuick: boolean): ConformanceCase[] {
  const shape: Shape4 = [2, 3, 2, 3]
  const big: Shape4 = [2, 3 * factor, 2 * factor, 3]
  const x = values(sizeOf(shape), 14)
  const dy = values(sizeOf(big), 15)
  const dx = new Float64Array(x.length)
  dy.forEach((v, i) => {
    const source = reference.nearestSource(i, shape, factor)
    dx[source] = reference.at(dx, source) + v
  })
  const y = dy.map((_, i) => reference.at(x, reference.nearestSource(i, shape, factor)))
  return [
    {
      name: `nearest up-sampling x${factor} and gradient`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) =>
        worst(
          withTensors(
            kernels,
            [
              [x, shape],
              [dy, big],
            ],
            (t) => [
              kernels.upsampleNearest(pick(t, 0), shape, factor),
              kernels.upsampleNearestGradient(pick(t, 1), big, factor),
            ],
          ),
          [y, dx],
        ),
    },
  ]
}

export function bilinearCases(
  shape: Shape4,
  height: number,
  width: number,
  isQuick: boolean,
): ConformanceCase[] {
  const x = values(sizeOf(shape), 16)
  const big: Shape4 = [shape[0], height, width, shape[3]]
  const dy = values(sizeOf(big), 17)
  return [
    {
      name: `bilinear [${shape.join(',')}] -> ${height}x${width} and gradient`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) =>
        worst(
          withTensors(
            kernels,
            [
              [x, shape],
              [dy, big],
            ],
            (t) => [
              kernels.resizeBilinear(pick(t, 0), shape, height, width),
              kernels.resizeBilinearGradient(pick(t, 1), pick(t, 0), shape),
            ],
          ),
          [
            reference.resizeBilinear(x, shape, height, width),
            reference.resizeBilinearGradient(dy, shape, height, width),
          ],
        ),
    },
  ]
}
