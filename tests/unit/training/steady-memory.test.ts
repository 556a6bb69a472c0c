import { describe, expect, it } from 'vitest'
import type { Handle, Kernels } from '../../../src-main/compute/kernels.ts'
import { largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork } from '../../../src-main/nas/network-plan.ts'
import { createPoseTask } from '../../../src-main/tasks/pose-task.ts'
import type { DeviceBatch } from '../../../src-main/tasks/task.ts'
import { Optimizer } from '../../../src-main/training/optimizer.ts'
import { trainIteration } from '../../../src-main/training/train-iteration.ts'
import { testBackends } from '../../support/backends.ts'
import { smallSupernet } from '../../support/small-supernet.ts'

const SIZE = 2
const ADAM = { kind: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 0 } as const

/** Kernels that note how many handles were alive at most. */
function watched(real: Kernels): { kernels: Kernels; peak: () => number; reset: () => void } {
  let peak = 0
  const release = (handle: Handle): void => {
    peak = Math.max(peak, real.liveTensors())
    real.release(handle)
  }
  return { kernels: { ...real, release }, peak: () => peak, reset: () => (peak = 0) }
}

for (const { name, kernels: real } of await testBackends()) {
  describe.skipIf(real === null)(`training steps of changing sub-networks on ${name}`, () => {
    it('end with the handles that they began with, and go back with hardly more than the forward pass left', () => {
      if (real === null) {
        return
      }
      const { kernels, peak, reset } = watched(real)
      const { supernet, space, shape } = smallSupernet(kernels)
      const optimizer = new Optimizer(supernet, { ...ADAM, schedule: 'constant', dropAt: [] })
      const [largest, smallest] = [largestGenotype(space), smallestGenotype(space)].map((genotype) =>
        planNetwork(space, shape, genotype),
      )
      if (largest === undefined || smallest === undefined) {
        throw new Error('two plans were made')
      }
      const { inputHeight, inputWidth, outputs } = shape
      const maps = (SIZE * outputs * inputHeight * inputWidth) / 16
      let afterForward = 0
      const step = (plan: typeof largest): void => {
        const batch = createPoseTask(outputs, { inputHeight, inputWidth }).upload(kernels, {
          ...{ kind: 'pose', size: SIZE, ids: ['a', 'b'], toImage: [] },
          input: new Float32Array(SIZE * inputHeight * inputWidth * 3).fill(0.5),
          target: new Float32Array(maps).fill(0.1),
          weights: new Float32Array(SIZE * outputs).fill(1),
        })
        const options = { learningRate: 1e-3, teacher: null, distillationWeight: 0 }
        const loss: DeviceBatch['loss'] = (outputs) => {
          afterForward = kernels.liveTensors()
          return batch.loss(outputs)
        }
        kernels.release(
          trainIteration({
            ...{ ...options, idleWeights: 'skipIdle', supernet, optimizer, plan },
            batch: { ...batch, loss },
          }).task,
        )
        batch.release()
      }
      step(largest)
      // Scalars of Adam's step counts come and go in a cache of fixed size, which fills up first.
      for (let i = 0; i < 120; i++) {
        step(i % 2 === 0 ? smallest : largest)
      }
      const before = kernels.liveTensors()
      reset()
      step(largest)
      // A layer's gradients, and those that wait at the other ends of skips and fusions; the forward pass alone holds far more.
      expect(afterForward - before).toBeGreaterThan(150)
      expect(peak() - afterForward).toBeLessThan(30)
      for (let i = 0; i < 20; i++) {
        step(i % 2 === 0 ? smallest : largest)
      }
      expect(kernels.liveTensors() - before).toBeLessThanOrEqual(0)
      optimizer.dispose()
      supernet.dispose()
    }, 60_000)
  })
}
