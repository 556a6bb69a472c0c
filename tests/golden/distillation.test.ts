import { beforeAll, describe, expect, it } from 'vitest'
import { singleOutput } from '../../src-main/compute/network-ops.ts'
import type { Kernels } from '../../src-main/compute/kernels.ts'
import { largestGenotype } from '../../src-main/nas/named-genotypes.ts'
import { planNetwork } from '../../src-main/nas/network-plan.ts'
import { trainIteration } from '../../src-main/training/train-iteration.ts'
import { testBackends } from '../support/backends.ts'
import { toNhwc } from '../support/formula-weights.ts'
import type { Recipe } from '../support/formula-weights.ts'
import { buildGolden, buildGoldenSupernet, deviation, distance, norm } from '../support/golden-network.ts'
import type { GoldenNetwork } from '../support/golden-network.ts'
import {
  goldenPoseBatch,
  optimizerConfig,
  RecordingOptimizer,
  recordingOutput,
  takeScalar,
} from '../support/golden-training.ts'
import { goldenPath, hasShared, numbersOf, readCopiedJson, readNpz } from '../support/read-npz.ts'

interface GoldenDistillation extends GoldenNetwork {
  readonly teacherWeightSeed: number
  readonly teacherWeightRecipe: Recipe
  readonly ratio: number
  readonly taskLoss: number
  readonly kdLoss: number
  readonly totalLoss: number
  readonly globalGradientNorm: number
  readonly gradientNorms: Readonly<Record<string, number>>
  readonly fullParameters: readonly string[]
}

/** Stated in the set. Its gradient bound holds for parameters whose gradient is above `largestShare` of the largest. */
const LOSS = 1e-5
const GLOBAL_NORM = 1e-4
const GRADIENT = 1e-2
const LARGEST_SHARE = 1e-5
/** Stated by the sets of the same networks without a teacher, `train/pose_step` and `forward/pose_b`. */
const STUDENT_OUTPUT = 5e-5
const TEACHER_OUTPUT = 2e-5
/** Any: the set compares what comes before the update. */
const LEARNING_RATE = 1e-3

interface Distilled {
  readonly task: number
  readonly distillation: number
  readonly gradients: ReadonlyMap<string, Float32Array>
  readonly studentOutput: Float32Array
  readonly teacherOutput: Float32Array
  /** Largest movement of a teacher value over the iteration. */
  readonly teacherMoved: number
  /** By a second iteration, when shapes and scalars are already known. */
  readonly leakedTensors: number
}

for (const { name, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(
    `distillation on ${name} against the reference (needs that backend)`,
    () => {
      let golden: GoldenDistillation
      let distilled: Distilled
      beforeAll(async () => {
        if (kernels !== null) {
          golden = readCopiedJson<GoldenDistillation>('train/pose_kd.json')
          distilled = await distil(kernels, golden)
        }
      }, 120_000)

      it('gives both losses and their sum', () => {
        const { task, distillation } = distilled
        expect(Math.abs(task / golden.taskLoss - 1)).toBeLessThanOrEqual(LOSS)
        expect(Math.abs(distillation / (golden.ratio * golden.kdLoss) - 1)).toBeLessThanOrEqual(LOSS)
        expect(Math.abs((task + distillation) / golden.totalLoss - 1)).toBeLessThanOrEqual(LOSS)
      })

      const needs = '(needs ../shared)'
      it.skipIf(!hasShared)(
        `runs the student by batch statistics, the teacher by running ones ${needs}`,
        () => {
          const arrays = readNpz(goldenPath('train/pose_kd.npz'))
          const shape = arrays['output']?.shape ?? []
          const student = toNhwc(numbersOf(arrays, 'output'), shape)
          const teacher = toNhwc(numbersOf(arrays, 'teacherOutput'), shape)
          expect(deviation(distilled.studentOutput, student)).toBeLessThanOrEqual(STUDENT_OUTPUT)
          expect(deviation(distilled.teacherOutput, teacher)).toBeLessThanOrEqual(TEACHER_OUTPUT)
        },
      )

      it('gives the student the gradient of the sum: the norm of each, and of all', () => {
        const { gradients } = distilled
        expect([...gradients.keys()].toSorted()).toEqual(Object.keys(golden.gradientNorms).toSorted())
        const all = norm([...gradients.values()].map(norm))
        expect(Math.abs(all / golden.globalGradientNorm - 1)).toBeLessThanOrEqual(GLOBAL_NORM)
        expect(normProblems(gradients, golden.gradientNorms)).toEqual([])
      })

      it.skipIf(!hasShared)(`gives the student the gradient of the sum: six in full ${needs}`, () => {
        const arrays = readNpz(goldenPath('train/pose_kd.npz'))
        const { gradients } = distilled
        const largest = Math.max(...Object.values(golden.gradientNorms))
        for (const parameter of golden.fullParameters) {
          const want = numbersOf(arrays, `grad:${parameter}`)
          if (norm(want) > LARGEST_SHARE * largest) {
            const off = distance(gradients.get(parameter) ?? [], want)
            expect(off, parameter).toBeLessThanOrEqual(GRADIENT * norm(want))
          }
        }
      })

      it('leaves the teacher as it was, and no tensor behind', () => {
        expect(distilled.teacherMoved).toBe(0)
        expect(distilled.leakedTensors).toBe(0)
      })
    },
  )
}

function normProblems(
  gradients: ReadonlyMap<string, Float32Array>,
  want: Readonly<Record<string, number>>,
): string[] {
  const largest = Math.max(...Object.values(want))
  return Object.entries(want).flatMap(([name, wanted]) => {
    const got = norm(gradients.get(name) ?? [])
    const isTiny = wanted <= LARGEST_SHARE * largest
    return isTiny || Math.abs(got - wanted) <= GRADIENT * wanted ? [] : [`${name}: norm ${got} for ${wanted}`]
  })
}

async function distil(kernels: Kernels, golden: GoldenDistillation): Promise<Distilled> {
  const { supernet, plan, space, shape } = buildGolden(kernels, golden)
  const teacher = buildGoldenSupernet(kernels, {
    ...golden,
    weightSeed: golden.teacherWeightSeed,
    weightRecipe: golden.teacherWeightRecipe,
  })
  const session = teacher.supernet.openEvaluation()
  const teacherPlan = planNetwork(space, shape, largestGenotype(space))
  const batch = recordingOutput(kernels, goldenPoseBatch(kernels, golden))
  const output = singleOutput(session.forward(teacherPlan, batch.input).outputs)
  const teacherOutput = kernels.downloadSync(output.handle)
  kernels.release(output.handle)

  const optimizer = new RecordingOptimizer(supernet, optimizerConfig({ kind: 'sgd', lr: LEARNING_RATE }))
  const iterate = (): { task: number; distillation: number } => {
    const losses = trainIteration({
      supernet,
      optimizer,
      plan,
      batch,
      learningRate: LEARNING_RATE,
      teacher: { session, plan: teacherPlan },
      distillationWeight: golden.ratio,
      idleWeights: 'skipIdle',
    })
    const task = takeScalar(kernels, losses.task)
    return {
      task,
      distillation: losses.distillation === null ? Number.NaN : takeScalar(kernels, losses.distillation),
    }
  }
  const { task, distillation } = iterate()
  optimizer.isRecording = false
  const before = kernels.liveTensors()
  iterate()
  const leakedTensors = kernels.liveTensors() - before
  session.close()

  const after = await teacher.supernet.weights()
  const moved = [...teacher.weights].map(([name, { values }]) =>
    distance(after.get(name)?.values ?? [], values),
  )
  batch.release()
  for (const owner of [optimizer, supernet, teacher.supernet]) {
    owner.dispose()
  }
  return {
    task,
    distillation,
    gradients: optimizer.gradients,
    studentOutput: batch.output(),
    teacherOutput,
    teacherMoved: Math.max(...moved),
    leakedTensors,
  }
}
