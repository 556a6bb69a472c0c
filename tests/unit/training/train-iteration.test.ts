import { describe, expect, it } from 'vitest'
import { singleOutput } from '../../../src-main/compute/network-ops.ts'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { OptimizerConfig } from '../../../src-main/contract/index.ts'
import { smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork, planParameters } from '../../../src-main/nas/network-plan.ts'
import { isTrainable } from '../../../src-main/nas/network-parameters.ts'
import { createPoseTask } from '../../../src-main/tasks/pose-task.ts'
import type { DeviceBatch } from '../../../src-main/tasks/task.ts'
import { Optimizer } from '../../../src-main/training/optimizer.ts'
import { trainIteration } from '../../../src-main/training/train-iteration.ts'
import { testBackends } from '../../support/backends.ts'
import { breakableKernels, leaksOfFailures } from '../../support/failing-kernels.ts'
import { symmetric } from '../../support/formula-weights.ts'
import { takeScalar } from '../../support/golden-training.ts'
import { smallSupernet } from '../../support/small-supernet.ts'
import type { SmallSupernet } from '../../support/small-supernet.ts'

const SGD: OptimizerConfig = {
  kind: 'sgd',
  learningRate: 1e-2,
  momentum: 0.9,
  weightDecay: 0,
  schedule: 'constant',
  dropAt: [],
}
const COMMON = { learningRate: 1e-2, teacher: null, distillationWeight: 0, idleWeights: 'skipIdle' } as const

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`trainIteration on ${backend}`, () => {
    const given = (run: (kernels: Kernels) => void | Promise<void>) => () =>
      kernels === null ? undefined : run(kernels)

    it(
      'trains the tensors of its sub-network and leaves the bits of all others',
      given(async (kernels) => {
        const { supernet, space, shape } = smallSupernet(kernels)
        const plan = planNetwork(space, shape, smallestGenotype(space))
        const batch = poseBatch(kernels, shape)
        const optimizer = new Optimizer(supernet, SGD)
        const before = await supernet.weights()
        kernels.release(trainIteration({ ...COMMON, supernet, plan, batch, optimizer }).task)
        const after = await supernet.weights()
        const named = new Set(planParameters(plan).map(({ name }) => name))
        for (const [name, { values }] of before) {
          const isSame = values.every((value, i) => value === after.get(name)?.values[i])
          expect(isSame, name).toBe(!named.has(name))
        }
        expect(planParameters(plan).filter(isTrainable).length).toBeGreaterThan(20)
        batch.release()
        optimizer.dispose()
        supernet.dispose()
      }),
    )

    it(
      'learns the batch: the loss falls to a tenth',
      given((kernels) => {
        const { supernet, plan, shape } = smallSupernet(kernels)
        const batch = poseBatch(kernels, shape)
        const optimizer = new Optimizer(supernet, { ...SGD, kind: 'adam' })
        const losses = Array.from({ length: 60 }, () =>
          takeScalar(kernels, trainIteration({ ...COMMON, supernet, plan, batch, optimizer }).task),
        )
        expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 10)
        batch.release()
        optimizer.dispose()
        supernet.dispose()
      }),
      60_000,
    )

    it(
      'holds no tensor but the optimizer state after a failure, whichever operation fails',
      given((kernels) => {
        const breakable = breakableKernels(kernels)
        const { supernet, plan, shape } = smallSupernet(breakable.kernels)
        const batch = poseBatch(kernels, shape)
        const attempt = (): void => {
          const optimizer = new Optimizer(supernet, SGD)
          try {
            const losses = trainIteration({ ...COMMON, supernet, plan, batch, optimizer })
            kernels.release(losses.task)
          } finally {
            optimizer.dispose()
          }
        }
        // Shapes that a backend keeps are known after the first pass.
        attempt()
        expect(leaksOfFailures(breakable, attempt, 3)).toEqual([])
        batch.release()
        supernet.dispose()
      }),
      // Some hundred passes, cut short at every third operation.
      60_000,
    )

    it(
      'evaluation holds no tensor after a failure, whichever operation fails',
      given((kernels) => {
        const breakable = breakableKernels(kernels)
        const { supernet, plan, shape } = smallSupernet(breakable.kernels)
        const batch = poseBatch(kernels, shape)
        const attempt = (): void => {
          const session = supernet.openEvaluation()
          try {
            kernels.release(singleOutput(session.forward(plan, batch.input).outputs).handle)
          } finally {
            session.close()
          }
        }
        attempt()
        expect(leaksOfFailures(breakable, attempt)).toEqual([])
        batch.release()
        supernet.dispose()
      }),
      60_000,
    )
  })
}

function poseBatch(
  kernels: Kernels,
  { inputHeight, inputWidth, outputs }: SmallSupernet['shape'],
): DeviceBatch {
  const size = 2
  const maps = (size * outputs * inputHeight * inputWidth) / 16
  return createPoseTask(outputs, { inputHeight, inputWidth }).upload(kernels, {
    kind: 'pose',
    size,
    ids: [],
    toImage: [],
    input: symmetric(1, 'input', size * inputHeight * inputWidth * 3, 1),
    target: symmetric(1, 'target', maps, 1).map((v) => Math.max(0, v)),
    weights: new Float32Array(size * outputs).fill(1),
  })
}
