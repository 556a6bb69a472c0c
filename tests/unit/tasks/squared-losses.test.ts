import { describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import { distillation, jointsMse } from '../../../src-main/tasks/squared-losses.ts'
import type { LossParts } from '../../../src-main/tasks/task.ts'
import { testBackends } from '../../support/backends.ts'
import { symmetric } from '../../support/formula-weights.ts'
import { takeScalar } from '../../support/golden-training.ts'

/** N, h, w, J. */
const SHAPE = [2, 3, 4, 5] as const
const SIZE = 120
/** Sums of 120 float32 values; measured 2e-8. */
const TOLERANCE = 2e-6

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`squared losses on ${backend}`, () => {
    const given = (run: (kernels: Kernels) => void) => () => {
      if (kernels !== null) {
        run(kernels)
      }
    }

    it(
      'jointsMse is half the mean square over all maps, maps of weight 0 adding nothing but their area',
      given((kernels) => {
        const [p, q] = [symmetric(1, 'p', SIZE, 1), symmetric(1, 'q', SIZE, 1)]
        const weights = Float32Array.from({ length: 10 }, (_, i) => (i % 3 === 0 ? 0 : 1))
        const weightOf = (i: number): number => weights[Math.floor(i / 60) * 5 + (i % 5)] ?? Number.NaN
        const difference = p.map((v, i) => weightOf(i) * (v - (q[i] ?? Number.NaN)))
        const [value, gradient] = measure(kernels, [p, q], (output, target) => {
          const handle = kernels.upload(weights, [2, 1, 1, 5])
          const parts = jointsMse(kernels, output, target.handle, handle)
          kernels.release(handle)
          return parts
        })
        expect(Math.abs(value - (0.5 * sumOfSquares(difference)) / SIZE)).toBeLessThanOrEqual(TOLERANCE)
        gradient.forEach((g, i) => {
          expect(Math.abs(g - (difference[i] ?? Number.NaN) / SIZE)).toBeLessThanOrEqual(TOLERANCE / SIZE)
        })
      }),
    )

    it(
      'distillation is alpha times the mean square, with the gradient of the student',
      given((kernels) => {
        const [student, teacher] = [symmetric(2, 'p', SIZE, 1), symmetric(2, 'q', SIZE, 1)]
        const difference = student.map((v, i) => v - (teacher[i] ?? Number.NaN))
        const [value, gradient] = measure(kernels, [student, teacher], (a, b) =>
          distillation(kernels, [a], [b], 0.5),
        )
        expect(Math.abs(value - (0.5 * sumOfSquares(difference)) / SIZE)).toBeLessThanOrEqual(TOLERANCE)
        gradient.forEach((g, i) => {
          expect(Math.abs(g - (difference[i] ?? Number.NaN) / SIZE)).toBeLessThanOrEqual(TOLERANCE / SIZE)
        })
      }),
    )
  })
}

/** Value and gradient of a loss of two maps, which is called twice: the second time it must leave no tensor behind. */
function measure(
  kernels: Kernels,
  maps: readonly [Float32Array, Float32Array],
  loss: (first: Value, second: Value) => LossParts,
): [value: number, gradient: Float32Array] {
  const upload = (values: Float32Array): Value => ({ handle: kernels.upload(values, SHAPE), shape: SHAPE })
  const first = upload(maps[0])
  const second = upload(maps[1])
  const run = (): [number, Float32Array] => {
    const parts = loss(first, second)
    const [handle = parts.value] = parts.gradients
    const gradient = Float32Array.from(kernels.downloadSync(handle))
    kernels.release(handle)
    return [takeScalar(kernels, parts.value), gradient]
  }
  run()
  const before = kernels.liveTensors()
  const measured = run()
  expect(kernels.liveTensors()).toBe(before)
  kernels.release(first.handle)
  kernels.release(second.handle)
  return measured
}

function sumOfSquares(values: Float32Array): number {
  return values.reduce((sum, v) => sum + v * v, 0)
}
