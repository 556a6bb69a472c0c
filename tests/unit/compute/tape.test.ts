import { describe, expect, it } from 'vitest'
import type { Handle, Kernels } from '../../../src-main/compute/kernels.ts'
import { Tape } from '../../../src-main/compute/tape.ts'
import { testBackends } from '../../support/backends.ts'
import { breakableKernels, leaksOfFailures } from '../../support/failing-kernels.ts'
import { symmetric } from '../../support/formula-weights.ts'
import {
  INPUT_SHAPE,
  PARAMETERS,
  runSmallNetwork,
  sizeOf,
  smallNetworkSource,
  startingValues,
  weightedSquares,
} from '../../support/small-tape-network.ts'
import type { Values } from '../../support/small-tape-network.ts'

/** Step of the central differences; the rounding of a float32 loss near 3, over twice this, stays below 1e-4. */
const STEP = 4e-3
/**
 * Of the directional derivative, relative to the product of norms of gradient and direction: what rounding and the third derivative
 * leave; measured 4e-4.
 */
const DERIVATIVE = 1e-3

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`tape on ${backend}`, () => {
    const given = (run: (kernels: Kernels) => void) => () => {
      if (kernels !== null) {
        run(kernels)
      }
    }

    it(
      'agrees with finite differences in every parameter, also of values and weights that are read several times',
      given((kernels) => {
        const values = startingValues()
        const { gradients } = differentiate(kernels, values)
        expect([...gradients.keys()].toSorted()).toEqual(PARAMETERS.map(({ name }) => name).toSorted())
        const problems = PARAMETERS.flatMap(({ name, shape }) => {
          const direction = symmetric(3, name, sizeOf(shape), 1)
          const along = (sign: number): number => {
            const moved = (values.get(name) ?? direction).map((v, i) => v + sign * STEP * (direction[i] ?? 0))
            return differentiate(kernels, new Map([...values, [name, moved]])).loss
          }
          const measured = (along(1) - along(-1)) / (2 * STEP)
          const gradient = gradients.get(name) ?? new Float32Array(0)
          const expected = gradient.reduce((sum, g, i) => sum + g * (direction[i] ?? 0), 0)
          const scale = Math.hypot(...gradient) * Math.hypot(...direction)
          const off = Math.abs(measured - expected) / Math.max(scale, 1e-2)
          return off <= DERIVATIVE
            ? []
            : [`${name}: ${measured} by differences, ${expected} by the tape (${off})`]
        })
        expect(problems).toEqual([])
      }),
    )

    it(
      'adds up several losses on one value',
      given((kernels) => {
        const once = differentiate(kernels, startingValues(), 1)
        const thrice = differentiate(kernels, startingValues(), 3)
        for (const [name, gradient] of once.gradients) {
          const tripled = thrice.gradients.get(name) ?? new Float32Array(0)
          const scale = Math.max(...gradient.map(Math.abs))
          // Rounding of float32 through the batch norms, whose gradients cancel; measured 2e-5.
          gradient.forEach((g, i) => {
            expect(Math.abs((tripled[i] ?? Number.NaN) - 3 * g), name).toBeLessThanOrEqual(1e-4 * scale)
          })
        }
      }),
    )

    it(
      'leaves out parameters that no loss reaches',
      given((kernels) => {
        const source = smallNetworkSource(kernels, startingValues())
        const tape = new Tape(kernels, source)
        const input = tape.constant(uploadInput(kernels), INPUT_SHAPE)
        const output = runSmallNetwork(tape, input)
        const dead = tape.bias(output, { name: 'head.bias', shape: [3] })
        tape.addRelu([dead])
        const names: string[] = []
        tape.backward(({ name }) => names.push(name))
        expect(names).toEqual([])
        kernels.release(input.handle)
        source.dispose()
      }),
    )

    it(
      'holds no tensor after backward, nor after dispose without it',
      given((kernels) => {
        const values = startingValues()
        differentiate(kernels, values)
        const before = kernels.liveTensors()
        differentiate(kernels, values)
        expect(kernels.liveTensors()).toBe(before)

        const source = smallNetworkSource(kernels, values)
        const tape = new Tape(kernels, source)
        const input = uploadInput(kernels)
        const output = runSmallNetwork(tape, tape.constant(input, INPUT_SHAPE))
        const { value, gradient } = weightedSquares(kernels, output)
        kernels.release(tape.loss(output, value, gradient))
        tape.dispose()
        kernels.release(input)
        source.dispose()
        expect(kernels.liveTensors()).toBe(before)
      }),
    )

    it(
      'holds no tensor after dispose, at whichever operation a pass failed',
      given((kernels) => {
        const values = startingValues()
        differentiate(kernels, values)
        const breakable = breakableKernels(kernels)
        const leaks = leaksOfFailures(breakable, () =>
          differentiate(kernels, values, 2, undefined, breakable.kernels),
        )
        expect(leaks).toEqual([])
      }),
    )

    it(
      'holds no tensor where the update throws',
      given((kernels) => {
        const values = startingValues()
        differentiate(kernels, values)
        const before = kernels.liveTensors()
        let updates = 0
        const throwing = (): void => {
          updates += 1
          if (updates === 3) {
            throw new Error('update refused')
          }
        }
        expect(() => differentiate(kernels, values, 1, throwing)).toThrow('update refused')
        expect(kernels.liveTensors()).toBe(before)
      }),
    )
  })
}

function uploadInput(kernels: Kernels): Handle {
  return kernels.upload(symmetric(5, 'input', sizeOf(INPUT_SHAPE), 2), INPUT_SHAPE)
}

/**
 * One pass with `losses` equal losses on the output; releases all it made, also after an error. The tape itself runs on `ofTape`,
 * everything around it on `kernels`.
 */
function differentiate(
  kernels: Kernels,
  values: Values,
  losses = 1,
  onGradient: () => void = () => undefined,
  ofTape: Kernels = kernels,
): { loss: number; gradients: ReadonlyMap<string, Float32Array> } {
  const source = smallNetworkSource(kernels, values, ofTape)
  const tape = new Tape(ofTape, source)
  const input = uploadInput(kernels)
  const gradients = new Map<string, Float32Array>()
  let loss = 0
  try {
    const output = runSmallNetwork(tape, tape.constant(input, INPUT_SHAPE))
    for (let i = 0; i < losses; i++) {
      const { value, gradient } = weightedSquares(kernels, output)
      const scalar = tape.loss(output, value, gradient)
      loss += kernels.downloadSync(scalar)[0] ?? Number.NaN
      kernels.release(scalar)
    }
    tape.backward(({ name }, gradient) => {
      onGradient()
      gradients.set(name, kernels.downloadSync(gradient))
    })
  } finally {
    tape.dispose()
    kernels.release(input)
    source.dispose()
  }
  return { loss, gradients }
}
