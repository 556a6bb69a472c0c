import { describe, expect, it } from 'vitest'
import type { Kernels } from '../../src-main/compute/kernels.ts'
import { maskedHeatLoss } from '../../src-main/tasks/bottom-up-loss.ts'
import { testBackends } from '../support/backends.ts'
import { toNhwc } from '../support/formula-weights.ts'
import { goldenPixels, norm } from '../support/golden-network.ts'
import type { GoldenInput } from '../support/golden-network.ts'
import { takeScalar } from '../support/golden-training.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface GoldenHeatLoss {
  readonly predictionInput: GoldenInput
  readonly loss: {
    readonly heatmap: { readonly perImage: readonly number[]; readonly gradientNormOfMean: number }
  }
}

/** Of the set: losses 1e-5 relative, gradient 1e-4 of its norm. */
const [LOSS, GRADIENT] = [1e-5, 1e-4] as const

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(!hasShared || kernels === null)(
    `masked heat-map loss on ${backend} (needs ../shared and that backend)`,
    () => {
      it('equals the reference per picture and in the gradient of the mean', () => {
        if (kernels === null) {
          return
        }
        const { predictionInput, loss } = readGoldenJson<GoldenHeatLoss>('bottom_up/ae_loss.json')
        const arrays = readNpz(goldenPath('bottom_up/ae_loss.npz'))
        const { shape } = predictionInput
        const maps = {
          prediction: goldenPixels(predictionInput),
          target: toNhwc(numbersOf(arrays, 'targets'), shape),
          mask: Float32Array.from(numbersOf(arrays, 'mask')),
        }
        const [images] = shape
        for (let image = 0; image < images; image++) {
          const part = (values: Float32Array): Float32Array => {
            const size = values.length / images
            return values.slice(image * size, (image + 1) * size)
          }
          const own = { prediction: part(maps.prediction), target: part(maps.target), mask: part(maps.mask) }
          const { value } = measure(kernels, own, [1, ...shape.slice(1)])
          const want = loss.heatmap.perImage[image] ?? Number.NaN
          expect(Math.abs(value - want)).toBeLessThanOrEqual(LOSS * want)
        }
        const { value, gradient } = measure(kernels, maps, shape)
        const mean = loss.heatmap.perImage.reduce((sum, one) => sum + one / images, 0)
        expect(Math.abs(value - mean)).toBeLessThanOrEqual(LOSS * mean)
        const { gradientNormOfMean } = loss.heatmap
        expect(Math.abs(norm(gradient) - gradientNormOfMean)).toBeLessThanOrEqual(
          GRADIENT * gradientNormOfMean,
        )
      })
    },
  )
}

interface Maps {
  readonly prediction: Float32Array
  readonly target: Float32Array
  readonly mask: Float32Array
}

/** @param shape - N, J, h, w of the set; the maps are N, h, w, J. */
function measure(kernels: Kernels, maps: Maps, [n = 0, joints = 0, h = 0, w = 0]: readonly number[]) {
  const shape = [n, h, w, joints]
  const output = { handle: kernels.upload(maps.prediction, shape), shape }
  const heat = kernels.upload(maps.target, shape)
  const mask = kernels.upload(maps.mask, [n, h, w, 1])
  const { value, gradient } = maskedHeatLoss(kernels, output, { heat, mask })
  const result = { value: takeScalar(kernels, value), gradient: kernels.downloadSync(gradient) }
  for (const handle of [output.handle, heat, mask, gradient]) {
    kernels.release(handle)
  }
  return result
}
