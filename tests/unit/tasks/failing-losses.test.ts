import { describe, expect, it } from 'vitest'
import type { Handle, Kernels, Shape } from '../../../src-main/compute/kernels.ts'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import { bottomUpLoss } from '../../../src-main/tasks/bottom-up-loss.ts'
import { createBottomUpTask } from '../../../src-main/tasks/bottom-up-task.ts'
import { createPoseTask } from '../../../src-main/tasks/pose-task.ts'
import { segmentationLoss } from '../../../src-main/tasks/segmentation-loss.ts'
import { createSegmentationTask } from '../../../src-main/tasks/segmentation-task.ts'
import { distillation, jointsMse } from '../../../src-main/tasks/squared-losses.ts'
import type { DeviceBatch, LossParts } from '../../../src-main/tasks/task.ts'
import { testBackends } from '../../support/backends.ts'
import { breakableKernels, leaksOfFailures } from '../../support/failing-kernels.ts'

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)
const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => (i % 7) / 7)

for (const { name, kernels: real } of await testBackends()) {
  describe.skipIf(real === null)(`losses and uploads on ${name}, whichever operation fails,`, () => {
    /** Runs what `open` gives, with every k-th operation failing once. */
    function leaksOf(open: (kernels: Kernels, upload: (shape: Shape) => Value) => () => readonly Handle[]) {
      if (real === null) {
        throw new Error(`${name} is not there`)
      }
      const breakable = breakableKernels(real)
      const { kernels } = breakable
      const inputs: Handle[] = []
      const upload = (shape: Shape): Value => {
        const handle = kernels.upload(ramp(sizeOf(shape)), shape)
        inputs.push(handle)
        return { handle, shape }
      }
      const compute = open(kernels, upload)
      const attempt = (): void => {
        compute().forEach((handle) => {
          kernels.release(handle)
        })
      }
      // Constants that a backend keeps are known after the first pass.
      attempt()
      const leaks = leaksOfFailures(breakable, attempt)
      inputs.forEach((handle) => {
        kernels.release(handle)
      })
      return leaks
    }
    const handlesOf = ({ value, gradients }: LossParts): readonly Handle[] => [value, ...gradients]

    it('leave nothing behind: joints', () => {
      const leaks = leaksOf((kernels, upload) => {
        const [output, target, weights] = [upload([2, 4, 3, 5]), upload([2, 4, 3, 5]), upload([2, 1, 1, 5])]
        return () => handlesOf(jointsMse(kernels, output, target.handle, weights.handle))
      })
      expect(leaks).toEqual([])
    })

    it('leave nothing behind: distillation of one and of two outputs', () => {
      for (const count of [1, 2]) {
        const leaks = leaksOf((kernels, upload) => {
          const maps = (): Value[] => Array.from({ length: count }, () => upload([2, 4, 3, 5]))
          const [students, teachers] = [maps(), maps()]
          return () => handlesOf(distillation(kernels, students, teachers, 0.5))
        })
        expect(leaks).toEqual([])
      }
    })

    it('leave nothing behind: label maps', () => {
      const labels = Int32Array.from({ length: 2 * 8 * 8 }, (_, i) => i % 3)
      const mining = { keep: 20, threshold: 0.9, ignoreLabel: 255, classWeights: null }
      const leaks = leaksOf((kernels, upload) => {
        const output = upload([2, 2, 2, 3])
        return () => {
          const safeLabels = kernels.upload(labels, [labels.length])
          try {
            const target = { labels, safeLabels, height: 8, width: 8 }
            return handlesOf(segmentationLoss(kernels, output, target, mining))
          } finally {
            kernels.release(safeLabels)
          }
        }
      })
      expect(leaks).toEqual([])
    })

    it('leave nothing behind: bottom-up', () => {
      const leaks = leaksOf((kernels, upload) => {
        const outputs = [upload([1, 2, 2, 6]), upload([1, 4, 4, 3])]
        const target = {
          coarse: { heat: upload([1, 2, 2, 3]).handle, mask: upload([1, 2, 2, 1]).handle },
          fine: { heat: upload([1, 4, 4, 3]).handle, mask: upload([1, 4, 4, 1]).handle },
          persons: [[[0, 4]]],
          tagWeight: 1e-3,
          tagPush: 'exp' as const,
        }
        return () => handlesOf(bottomUpLoss(kernels, outputs, target))
      })
      expect(leaks).toEqual([])
    })

    it('leave nothing behind: uploads of every task', () => {
      const network = { inputHeight: 32, inputWidth: 32 }
      const input = ramp(2 * 32 * 32 * 3)
      const target = (size: number) => ({ heat: ramp(2 * size * size * 4), mask: ramp(2 * size * size) })
      const segmentation = {
        ...{ augment: false, scaleMin: 1, scaleMax: 1, flipProbability: 0 },
        ...{ miningShare: 4, miningThreshold: 0.9, classWeights: 'none' as const },
      }
      const uploads: readonly ((kernels: Kernels) => DeviceBatch)[] = [
        (kernels) =>
          createPoseTask(4, network).upload(kernels, {
            ...{ kind: 'pose', size: 2, ids: ['a', 'b'], toImage: [], input },
            ...{ target: ramp(2 * 8 * 8 * 4), weights: ramp(2 * 4) },
          }),
        (kernels) =>
          createSegmentationTask({
            ...{ classes: 3, ignoreLabel: 255, network, config: segmentation, classWeights: null },
          }).upload(kernels, {
            ...{ kind: 'segmentation', size: 2, ids: ['a', 'b'], input, labels: new Int32Array(2 * 32 * 32) },
          }),
        (kernels) =>
          createBottomUpTask({ joints: 4, network, config: { tagWeight: 1e-3 } }).upload(kernels, {
            ...{
              kind: 'bottom-up-pose',
              size: 2,
              ids: ['a', 'b'],
              input,
              coarse: target(8),
              fine: target(16),
            },
            persons: [[], []],
          }),
      ]
      for (const uploadBatch of uploads) {
        const leaks = leaksOf((kernels) => () => {
          uploadBatch(kernels).release()
          return []
        })
        expect(leaks).toEqual([])
      }
    })
  })
}
