import { beforeAll, describe, expect, it } from 'vitest'
import { allowsSoftwareAdapters } from '../../src-main/compute/webgpu/open-webgpu.ts'
import { formulaJoints } from '../support/formula-joints.ts'
import { toNhwc } from '../support/formula-weights.ts'
import { testBackends } from '../support/backends.ts'
import type { TestBackend } from '../support/backends.ts'
import { deviation, distance, norm, statisticsDeviation, sumOf } from '../support/golden-network.ts'
import { hasShared, numbersOf } from '../support/read-npz.ts'
import { readStepSet, trainOnGolden } from '../support/training-curve.ts'
import type { GoldenParameter, GoldenStepSet, TrainingCurve } from '../support/training-curve.ts'

/** The bounds that all sets state. */
const LOSS = 1e-5
const OUTPUT = 5e-5
const STATISTICS = 3e-5
/** A gradient of smaller norm is rounding noise: a bias in front of a norm. */
const LEAST_NORM = 1e-6
const SGD_STEP = 1e-6
const ADAM_STEP = { sure: 2e-4, mean: 2e-5, surelySigned: 1e-3 } as const

interface Bounds {
  /** Of the norm of a gradient's difference. */
  readonly gradient: (parameter: GoldenParameter) => number
  /** Relative, per iteration. */
  readonly curve: number
  /**
   * Relative, of the loss in inference mode after ten updates. The sets state none. Adam moves tensors whose gradient is rounding
   * noise by the full rate, so this loss differs by up to 6e-4 between thread counts of one library; SGD's by 1e-5. The bounds are
   * three and ten times that.
   */
  readonly evaluation: number
  readonly checksUpdate: boolean
}

const statedGradient = (parameter: GoldenParameter): number =>
  1e-3 * parameter.norm + 10 * parameter.float32Deviation

const SETS: Readonly<Record<string, Bounds>> = {
  pose_step: { gradient: statedGradient, curve: 1e-4, evaluation: 2e-3, checksUpdate: true },
  seg_step: { gradient: statedGradient, curve: 1e-4, evaluation: 1e-4, checksUpdate: true },
  // Rectifier inputs lie within rounding noise of zero: one changed sign moves deep gradients by percents.
  pose_step_plain: { gradient: ({ norm }) => 0.2 * norm, curve: 0.2, evaluation: 0.2, checksUpdate: false },
}

describe.skipIf(!hasShared)('the batch of the golden training sets (needs ../shared)', () => {
  it.each(['pose_step', 'pose_step_plain'])('%s: joints, maps and weights follow the formula', (name) => {
    const { golden, arrays } = readStepSet(name)
    const made = formulaJoints(golden.input.seed, golden.input.shape, golden.outputs)
    // One float32 rounding of a coordinate below 154.
    expect(deviation(made.joints, numbersOf(arrays, 'joints'))).toBeLessThanOrEqual(1e-7)
    expect([...made.visible]).toEqual(numbersOf(arrays, 'visible'))
    expect([...made.weights]).toEqual(numbersOf(arrays, 'targetWeight'))
    const target = toNhwc(numbersOf(arrays, 'target'), arrays['target']?.shape ?? [])
    expect(deviation(made.target, target)).toBeLessThanOrEqual(1e-6)
  })
})

/** A software adapter of WebGPU takes minutes for what others do in seconds. */
const HOOK_TIMEOUT = allowsSoftwareAdapters() ? 1_800_000 : 120_000

for (const backend of await testBackends()) {
  for (const name of Object.keys(SETS)) {
    describeTraining(backend, name, SETS[name])
  }
}

function describeTraining({ name: backend, kernels }: TestBackend, name: string, bounds?: Bounds): void {
  if (bounds === undefined) {
    throw new RangeError(`no bounds for ${name}`)
  }
  const title = `training on ${backend} against the reference, ${name} (needs ../shared and that backend)`
  describe.skipIf(!hasShared || kernels === null)(title, () => {
    const iterations = 10
    let set: GoldenStepSet
    let curve: TrainingCurve
    beforeAll(async () => {
      if (kernels !== null) {
        set = readStepSet(name)
        curve = await trainOnGolden(kernels, set, iterations)
      }
    }, HOOK_TIMEOUT)

    it('gives the loss and the output', () => {
      expect(relative(curve.losses[0], set.golden.loss)).toBeLessThanOrEqual(LOSS)
      const output = toNhwc(numbersOf(set.arrays, 'output'), set.arrays['output']?.shape ?? [])
      expect(deviation(curve.output, output)).toBeLessThanOrEqual(OUTPUT)
    })

    it('gives a gradient to the parameters that the output depends on, and to no other', () => {
      expect([...curve.gradients.keys()].toSorted()).toEqual(set.golden.activeParameters.toSorted())
    })

    it('agrees in norm and sum of every gradient', () => {
      expect(gradientProblems(curve, set.golden.parameterNorms, bounds)).toEqual([])
    })

    it('agrees in the six full gradients', () => {
      expect(fullGradientProblems(curve, set, bounds)).toEqual([])
    })

    it.skipIf(!bounds.checksUpdate)('agrees in six parameters after one update', () => {
      expect(updateProblems(curve, set)).toEqual([])
    })

    it('moves the running statistics of the active norms, and nothing that is idle', () => {
      expect(idleAndStatisticsProblems(curve, set)).toEqual([])
    })

    it(`follows the loss over ${String(iterations)} updates`, () => {
      const deviations = curve.losses.map((loss, i) => relative(loss, set.golden.trajectory[i] ?? Number.NaN))
      expect(deviations).toHaveLength(iterations)
      deviations.forEach((off, i) => {
        expect(off, `iteration ${String(i)}`).toBeLessThanOrEqual(bounds.curve)
      })
    })

    it('scores the same in inference mode after ten updates', () => {
      const off = relative(curve.evaluationLoss, set.golden.evalLossAfter10)
      expect(off).toBeLessThanOrEqual(bounds.evaluation)
    })

    it('leaves no tensor behind after an iteration', () => {
      // The native backend keeps the three scalars of each Adam step count for the tensors that reach it later.
      const kept = backend === 'tensorflow' && set.golden.optimizer.kind === 'adam' ? 3 : 0
      expect(curve.leakedTensors).toBeLessThanOrEqual(kept * (iterations - 1))
    })
  })
}

function relative(got: number | undefined, want: number): number {
  return Math.abs((got ?? Number.NaN) - want) / Math.abs(want)
}

/** The bound on the difference bounds norm and sum too: triangle inequality, Cauchy-Schwarz. */
function gradientProblems(
  curve: TrainingCurve,
  want: GoldenStepSet['golden']['parameterNorms'],
  bounds: Bounds,
): string[] {
  return Object.entries(want).flatMap(([name, parameter]) => {
    const got = curve.gradients.get(name) ?? []
    const bound = bounds.gradient(parameter)
    const normError = Math.abs(norm(got) - parameter.norm)
    const sumError = Math.abs(sumOf(got) - parameter.sum) / Math.sqrt(got.length)
    const isFine = normError <= bound && sumError <= bound
    return parameter.norm < LEAST_NORM || isFine
      ? []
      : [`${name}: norm ${norm(got)} for ${parameter.norm}, sum ${sumOf(got)} for ${parameter.sum}`]
  })
}

function fullGradientProblems(
  curve: TrainingCurve,
  { golden, arrays }: GoldenStepSet,
  bounds: Bounds,
): string[] {
  return golden.fullParameters.flatMap((name) => {
    const off = distance(curve.gradients.get(name) ?? [], numbersOf(arrays, `grad:${name}`))
    const parameter = golden.parameterNorms[name]
    return parameter !== undefined && off <= bounds.gradient(parameter) ? [] : [`${name} is off by ${off}`]
  })
}

function updateProblems(curve: TrainingCurve, { golden, arrays }: GoldenStepSet): string[] {
  const { kind, lr } = golden.optimizer
  return golden.fullParameters.flatMap((name) => {
    const got = curve.after.get(name)?.values ?? new Float32Array(0)
    const want = numbersOf(arrays, `after:${name}`)
    const problems =
      kind === 'sgd' ? sgdProblems(got, want) : adamProblems(got, want, numbersOf(arrays, `grad:${name}`), lr)
    return problems.map((problem) => `${name} ${problem}`)
  })
}

function idleAndStatisticsProblems(curve: TrainingCurve, { golden, arrays }: GoldenStepSet): string[] {
  const tracked = new Set(
    golden.trackedNorms.flatMap((name) => [`${name}.running_mean`, `${name}.running_var`]),
  )
  const active = new Set(golden.activeParameters)
  const unseen = [...tracked].filter((name) => !curve.after.has(name)).map((name) => `${name} is missing`)
  return [...curve.after].reduce((problems, [name, { values }]) => {
    if (tracked.has(name)) {
      const off = statisticsDeviation(values, numbersOf(arrays, `bn:${name}`))
      return off <= STATISTICS ? problems : [...problems, `${name} is off by ${off}`]
    }
    const moved = distance(values, curve.before.get(name)?.values ?? [])
    return active.has(name) || moved === 0 ? problems : [...problems, `${name} is idle, moved by ${moved}`]
  }, unseen)
}

function sgdProblems(got: Float32Array, want: readonly number[]): string[] {
  return want.flatMap((value, i) => {
    const off = Math.abs((got[i] ?? Number.NaN) - value)
    return off <= SGD_STEP ? [] : [`[${i}] is off by ${off}`]
  })
}

/** Adam's first step is lr times the sign of the gradient, which is chance where the gradient is rounding noise. */
function adamProblems(
  got: Float32Array,
  want: readonly number[],
  gradient: readonly number[],
  lr: number,
): string[] {
  const largest = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  const differences = want.map((value, i) => Math.abs((got[i] ?? Number.NaN) - value))
  const mean = sumOf(differences) / want.length
  const problems = differences.flatMap((off, i) => {
    const isSure = Math.abs(gradient[i] ?? 0) > ADAM_STEP.surelySigned * largest
    return off <= (isSure ? ADAM_STEP.sure : 2 * lr * (1 + 1e-3)) ? [] : [`[${i}] is off by ${off}`]
  })
  return mean <= ADAM_STEP.mean ? problems : [...problems, `the mean difference is ${mean}`]
}
