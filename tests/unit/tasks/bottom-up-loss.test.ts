import { describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import { bottomUpLoss } from '../../../src-main/tasks/bottom-up-loss.ts'
import { testBackends } from '../../support/backends.ts'
import { symmetric } from '../../support/formula-weights.ts'
import { takeScalar } from '../../support/golden-training.ts'

const [N, SIDE, JOINTS] = [2, 4, 3] as const
const COARSE = [N, SIDE, SIDE, 2 * JOINTS] as const
const FINE = [N, 2 * SIDE, 2 * SIDE, JOINTS] as const
/** Two persons in the first picture, one in the second; the same pixel may serve two joints. */
const PERSONS = [
  [
    [0, 4, 8],
    [21, 25],
  ],
  [[10, 11]],
]
const TAG_WEIGHT = 0.5
/** Step of central differences of a float32 loss near 1; rounding over twice this stays below 1e-4. */
const STEP = 1e-2

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const start = {
  coarse: symmetric(1, 'coarse', sizeOf(COARSE), 1),
  fine: symmetric(1, 'fine', sizeOf(FINE), 1),
}

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`bottom-up loss on ${backend}`, () => {
    it('has the gradient of finite differences in both outputs, and leaves no tensor behind', () => {
      if (kernels === null) {
        return
      }
      measure(kernels, start)
      const before = kernels.liveTensors()
      const { gradients } = measure(kernels, start)
      expect(kernels.liveTensors()).toBe(before)
      for (const [index, key] of (['coarse', 'fine'] as const).entries()) {
        const gradient = gradients[index] ?? new Float32Array(0)
        expect(gradient).toHaveLength(start[key].length)
        const direction = symmetric(2, key, start[key].length, 1)
        const along = (sign: number): number => {
          const moved = start[key].map((v, i) => v + sign * STEP * (direction[i] ?? 0))
          return measure(kernels, { ...start, [key]: moved }).value
        }
        const measured = (along(1) - along(-1)) / (2 * STEP)
        const expected = gradient.reduce((sum, g, i) => sum + g * (direction[i] ?? 0), 0)
        expect(Math.abs(measured - expected)).toBeLessThanOrEqual(5e-4)
      }
    })

    it('gives masked pixels no gradient, and tags only where a person is', () => {
      if (kernels === null) {
        return
      }
      const { gradients } = measure(kernels, start)
      const [coarse = new Float32Array(0)] = gradients
      // Pixel 0 of picture 1 is masked; nobody's tag is there.
      expect(
        [...coarse.subarray(SIDE * SIDE * 2 * JOINTS, SIDE * SIDE * 2 * JOINTS + 2 * JOINTS)].map(Math.abs),
      ).toEqual(new Array(2 * JOINTS).fill(0))
      const tagged = PERSONS.flatMap((persons, image) =>
        persons.flat().map((at) => image * SIDE * SIDE * JOINTS + at),
      )
      const moved = Array.from({ length: N * SIDE * SIDE * JOINTS }, (_, at) => at).filter((at) => {
        const [pixel, joint] = [Math.floor(at / JOINTS), at % JOINTS]
        return (coarse[pixel * 2 * JOINTS + JOINTS + joint] ?? 0) !== 0
      })
      expect(moved).toEqual(tagged.toSorted((a, b) => a - b))
    })

    it('refuses networks of another number of outputs', () => {
      if (kernels === null) {
        return
      }
      expect(() => bottomUpLoss(kernels, [], {} as never)).toThrow('two outputs')
    })
  })
}

function measure(kernels: Kernels, { coarse, fine }: typeof start) {
  const upload = (values: Float32Array, shape: readonly number[]): Value => ({
    handle: kernels.upload(values, shape),
    shape,
  })
  const outputs = [upload(coarse, COARSE), upload(fine, FINE)]
  const target = (side: number) => {
    const mask = new Float32Array(N * side * side).fill(1)
    mask[side * side] = 0
    return {
      heat: kernels.upload(symmetric(3, `heat ${String(side)}`, N * side * side * JOINTS, 1), [
        N,
        side,
        side,
        JOINTS,
      ]),
      mask: kernels.upload(mask, [N, side, side, 1]),
    }
  }
  const [low, high] = [target(SIDE), target(2 * SIDE)]
  const { value, gradients } = bottomUpLoss(kernels, outputs, {
    coarse: low,
    fine: high,
    persons: PERSONS,
    tagWeight: TAG_WEIGHT,
    tagPush: 'exp',
  })
  const result = {
    value: takeScalar(kernels, value),
    gradients: gradients.map((gradient) => Float32Array.from(kernels.downloadSync(gradient))),
  }
  for (const handle of [
    ...outputs.map((o) => o.handle),
    ...gradients,
    low.heat,
    low.mask,
    high.heat,
    high.mask,
  ]) {
    kernels.release(handle)
  }
  return result
}
