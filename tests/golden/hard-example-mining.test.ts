import { describe, expect, it } from 'vitest'
import type { Kernels } from '../../src-main/compute/kernels.ts'
import type { MiningOptions } from '../../src-main/tasks/hard-example-mining.ts'
import { segmentationLoss } from '../../src-main/tasks/segmentation-loss.ts'
import { testBackends } from '../support/backends.ts'
import { toNhwc } from '../support/formula-weights.ts'
import { distance, goldenInput, norm } from '../support/golden-network.ts'
import type { GoldenInput } from '../support/golden-network.ts'
import { takeScalar } from '../support/golden-training.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface GoldenMining {
  readonly classWeights: readonly number[]
  readonly ignore: number
  readonly sets: readonly {
    readonly threshold: number
    readonly minKept: number
    readonly logits: GoldenInput
    readonly loss: number
    readonly crossEntropy: number
  }[]
}

/** Stated in the set: relative, and as a share of the norm. */
const LOSS = 1e-5
const GRADIENT = 1e-4

for (const { name, kernels } of await testBackends()) {
  describe.skipIf(!hasShared || kernels === null)(
    `segmentation loss on ${name} against the reference (needs ../shared and that backend)`,
    () => {
      it.each([0, 1])('set %i: with mining and without, value and gradient', (index) => {
        if (kernels === null) {
          return
        }
        const golden = readGoldenJson<GoldenMining>('seg/ohem.json')
        const set = golden.sets[index] ?? setMissing(index)
        const { classWeights, ignore: ignoreLabel } = golden
        const common = { threshold: set.threshold, ignoreLabel, classWeights }
        for (const [keep, want, key] of [
          [set.minKept, set.loss, 'gradient'],
          [0, set.crossEntropy, 'gradientPlain'],
        ] as const) {
          const { value, gradient, wantedGradient } = lossOfSet(kernels, set.logits, index, key, {
            ...common,
            keep,
          })
          expect(Math.abs(value / want - 1), key).toBeLessThanOrEqual(LOSS)
          expect(distance(gradient, wantedGradient), key).toBeLessThanOrEqual(GRADIENT * norm(wantedGradient))
          const before = kernels.liveTensors()
          lossOfSet(kernels, set.logits, index, key, { ...common, keep })
          expect(kernels.liveTensors(), 'tensors after a second time').toBe(before)
        }
      })
    },
  )
}

function lossOfSet(
  kernels: Kernels,
  logits: GoldenInput,
  index: number,
  gradientKey: string,
  mining: MiningOptions,
): { value: number; gradient: Float32Array; wantedGradient: Float32Array } {
  const arrays = readNpz(goldenPath('seg/ohem.npz'))
  const labels = Int32Array.from(numbersOf(arrays, `labels${String(index)}`))
  const [, height = 0, width = 0] = arrays[`labels${String(index)}`]?.shape ?? []
  const output = goldenInput(kernels, logits)
  const safe = labels.map((label) => (label === mining.ignoreLabel ? 0 : label))
  const safeLabels = kernels.upload(safe, [labels.length])
  const parts = segmentationLoss(kernels, output, { labels, safeLabels, height, width }, mining)
  const [onDevice = safeLabels] = parts.gradients
  const gradient = kernels.downloadSync(onDevice)
  const value = takeScalar(kernels, parts.value)
  ;[onDevice, safeLabels, output.handle].forEach((handle) => {
    kernels.release(handle)
  })
  const want = numbersOf(arrays, `${gradientKey}${String(index)}`)
  return { value, gradient, wantedGradient: toNhwc(want, logits.shape) }
}

function setMissing(index: number): never {
  throw new RangeError(`seg/ohem has no set ${String(index)}`)
}
