import { describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { OptimizerConfig } from '../../../src-main/contract/index.ts'
import type { Supernet } from '../../../src-main/supernet/supernet.ts'
import { Optimizer } from '../../../src-main/training/optimizer.ts'
import { testBackends } from '../../support/backends.ts'
import { symmetric } from '../../support/formula-weights.ts'
import { smallSupernet } from '../../support/small-supernet.ts'

const NAME = 'conv1.weight'
const OTHER = 'final_layer.weight'
const RATES = [1e-2, 1e-2, 5e-3, 2e-3, 1e-3]
/** Some float32 operations on values below 1, a few times in a row; measured 2e-7. */
const ROUNDING = 2e-6

const ADAM: OptimizerConfig = config('adam', 0, 0)
const SGD: OptimizerConfig = config('sgd', 0.9, 5e-4)

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`Optimizer on ${backend}`, () => {
    const given = (run: (kernels: Kernels) => void | Promise<void>) => () =>
      kernels === null ? undefined : run(kernels)

    it(
      'is PyTorch Adam: a float64 loop of bias-corrected moments gives the same weights',
      given((kernels) => {
        const { supernet } = smallSupernet(kernels)
        const optimizer = new Optimizer(supernet, ADAM)
        const start = values(supernet, NAME)
        const gradients = RATES.map((_, i) => gradientOf(start.length, i))
        RATES.forEach((rate, i) => push(optimizer, supernet, NAME, gradients[i] ?? start, rate))
        expect(worst(values(supernet, NAME), adamLoop(start, gradients, RATES))).toBeLessThanOrEqual(ROUNDING)
        close(optimizer, supernet)
      }),
    )

    it(
      'steps by the rate against the sign of the first gradient, however small (Adam)',
      given((kernels) => {
        const { supernet } = smallSupernet(kernels)
        const optimizer = new Optimizer(supernet, ADAM)
        const start = values(supernet, NAME)
        const gradient = start.map((_, i) => (i % 2 === 0 ? 1 : -1) * 10 ** -(i % 5))
        push(optimizer, supernet, NAME, gradient, 1e-2)
        const expected = start.map((w, i) => w - 1e-2 * Math.sign(gradient[i] ?? 0))
        // eps 1e-8 beside a gradient of 1e-4 shortens the step by 1e-4 of itself.
        expect(worst(values(supernet, NAME), expected)).toBeLessThanOrEqual(1e-2 * 1e-4 + ROUNDING)
        close(optimizer, supernet)
      }),
    )

    it(
      'is PyTorch SGD: decay joins the gradient before the momentum buffer, rates may change',
      given((kernels) => {
        const { supernet } = smallSupernet(kernels)
        const optimizer = new Optimizer(supernet, SGD)
        const start = values(supernet, NAME)
        const gradients = RATES.map((_, i) => gradientOf(start.length, i))
        RATES.forEach((rate, i) => push(optimizer, supernet, NAME, gradients[i] ?? start, rate))
        expect(worst(values(supernet, NAME), sgdLoop(start, gradients, RATES, SGD))).toBeLessThanOrEqual(
          ROUNDING,
        )
        close(optimizer, supernet)
      }),
    )

    it(
      'counts the steps of each tensor by itself, so a tensor that rests does not age',
      given((kernels) => {
        const { supernet } = smallSupernet(kernels)
        const optimizer = new Optimizer(supernet, ADAM)
        const start = values(supernet, NAME)
        const size = values(supernet, OTHER).length
        const gradients = [gradientOf(start.length, 0), gradientOf(start.length, 1)]
        push(optimizer, supernet, NAME, gradients[0] ?? start, 1e-2)
        const resting = values(supernet, NAME)
        for (let i = 0; i < 3; i++) {
          push(optimizer, supernet, OTHER, gradientOf(size, i), 1e-2)
        }
        expect(values(supernet, NAME)).toEqual(resting)
        push(optimizer, supernet, NAME, gradients[1] ?? start, 1e-2)
        const expected = adamLoop(start, gradients, [1e-2, 1e-2])
        expect(worst(values(supernet, NAME), expected)).toBeLessThanOrEqual(ROUNDING)
        close(optimizer, supernet)
      }),
    )

    it.each([
      ['adam', ADAM],
      ['sgd', SGD],
    ] as const)(
      'updateIdle moves by a zero gradient what moved before, nothing else: %s',
      async (_, config) => {
        await given((kernels) => {
          const { supernet } = smallSupernet(kernels)
          const optimizer = new Optimizer(supernet, config)
          const start = values(supernet, NAME)
          const never = values(supernet, OTHER)
          const first = gradientOf(start.length, 0)
          push(optimizer, supernet, NAME, first, 1e-2)
          const active = values(supernet, NAME)
          optimizer.updateIdle(new Set([NAME]), 1e-2)
          expect(values(supernet, NAME)).toEqual(active)
          optimizer.updateIdle(new Set([OTHER]), 5e-3)
          const gradients = [first, new Float32Array(first.length)]
          const expected =
            config.kind === 'adam'
              ? adamLoop(start, gradients, [1e-2, 5e-3])
              : sgdLoop(start, gradients, [1e-2, 5e-3], config)
          expect(worst(values(supernet, NAME), expected)).toBeLessThanOrEqual(ROUNDING)
          expect(worst(values(supernet, NAME), active)).toBeGreaterThan(1e-4)
          expect(values(supernet, OTHER)).toEqual(never)
          close(optimizer, supernet)
        })()
      },
    )

    it.each([
      ['adam', ADAM],
      ['sgd', SGD],
    ] as const)('goes on from a restored state with the same bits: %s', async (_, config) => {
      await given(async (kernels) => {
        const whole = smallSupernet(kernels)
        const uninterrupted = new Optimizer(whole.supernet, config)
        const size = values(whole.supernet, NAME).length
        const go = (optimizer: Optimizer, supernet: Supernet, from: number, to: number): void => {
          for (let i = from; i < to; i++) {
            push(optimizer, supernet, NAME, gradientOf(size, i), RATES[i] ?? 0)
          }
        }
        go(uninterrupted, whole.supernet, 0, 3)
        const state = await uninterrupted.state()
        const weights = await whole.supernet.weights()
        go(uninterrupted, whole.supernet, 3, 5)

        const resumed = smallSupernet(kernels, weights)
        const restored = new Optimizer(resumed.supernet, config)
        restored.restore(state)
        expect(await restored.state()).toEqual(state)
        go(restored, resumed.supernet, 3, 5)
        expect(values(resumed.supernet, NAME)).toEqual(values(whole.supernet, NAME))
        expect([...state.keys()]).toEqual([NAME])
        expect(state.get(NAME)?.updates).toBe(3)
        expect(state.get(NAME)?.slots).toHaveLength(config.kind === 'adam' ? 2 : 1)
        close(uninterrupted, whole.supernet)
        close(restored, resumed.supernet)
      })()
    })

    it(
      'refuses a state that does not fit',
      given((kernels) => {
        const { supernet } = smallSupernet(kernels)
        const optimizer = new Optimizer(supernet, ADAM)
        const size = values(supernet, NAME).length
        const slot = new Float32Array(size)
        const restore = (name: string, slots: Float32Array[]) => () =>
          optimizer.restore(new Map([[name, { slots, updates: 1 }]]))
        expect(restore(NAME, [slot])).toThrow(`${NAME} holds ${String(size)} values; adam needs 2 times`)
        expect(restore(NAME, [slot, slot, slot])).toThrow(RangeError)
        expect(restore(NAME, [slot, slot.subarray(1)])).toThrow(RangeError)
        expect(restore('no.such.weight', [slot, slot])).toThrow(/no\.such\.weight/)
        close(optimizer, supernet)
      }),
    )

    it(
      'releases its state and every gradient buffer of its own',
      given((kernels) => {
        const { supernet } = smallSupernet(kernels)
        const cycle = (): void => {
          const optimizer = new Optimizer(supernet, ADAM)
          push(optimizer, supernet, NAME, gradientOf(values(supernet, NAME).length, 0), 1e-2)
          optimizer.updateIdle(new Set(), 1e-2)
          optimizer.dispose()
        }
        cycle()
        const before = kernels.liveTensors()
        cycle()
        expect(kernels.liveTensors()).toBe(before)
        supernet.dispose()
      }),
    )
  })
}

function config(kind: OptimizerConfig['kind'], momentum: number, weightDecay: number): OptimizerConfig {
  return { kind, learningRate: 1e-2, momentum, weightDecay, schedule: 'constant', dropAt: [] }
}

function gradientOf(size: number, iteration: number): Float32Array {
  return symmetric(iteration, 'gradient', size, 0.5)
}

function push(
  optimizer: Optimizer,
  supernet: Supernet,
  name: string,
  gradient: Float32Array,
  rate: number,
): void {
  const handle = supernet.kernels.upload(gradient, supernet.parameter(name).shape)
  optimizer.update(name, handle, rate)
  supernet.kernels.release(handle)
}

function values(supernet: Supernet, name: string): Float32Array {
  const handle = supernet.kernels.readVariable(supernet.parameter(name).variable)
  const copy = Float32Array.from(supernet.kernels.downloadSync(handle))
  supernet.kernels.release(handle)
  return copy
}

function close(optimizer: Optimizer, supernet: Supernet): void {
  optimizer.dispose()
  supernet.dispose()
}

function worst(got: Float32Array, want: ArrayLike<number>): number {
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - (want[i] ?? Number.NaN))), 0)
}

/** Kingma and Ba, algorithm 1, in float64. */
function adamLoop(
  start: Float32Array,
  gradients: readonly Float32Array[],
  rates: readonly number[],
): number[] {
  return Array.from(start, (w, i) => {
    let [weight, m, v] = [w, 0, 0]
    gradients.forEach((gradient, t) => {
      const g = gradient[i] ?? 0
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      const corrected = m / (1 - 0.9 ** (t + 1))
      weight -= ((rates[t] ?? 0) * corrected) / (Math.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
    })
    return weight
  })
}

/** torch.optim.SGD without Nesterov and dampening, in float64. */
function sgdLoop(
  start: Float32Array,
  gradients: readonly Float32Array[],
  rates: readonly number[],
  { momentum, weightDecay }: OptimizerConfig,
): number[] {
  return Array.from(start, (w, i) => {
    let [weight, buffer] = [w, 0]
    gradients.forEach((gradient, t) => {
      buffer = momentum * buffer + (gradient[i] ?? 0) + weightDecay * weight
      weight -= (rates[t] ?? 0) * buffer
    })
    return weight
  })
}
