import { describe, expect, it } from 'vitest'
import { createWasmKernels } from '../../src-main/compute/wasm/wasm-kernels.ts'
import { largestChannel, multiScaleSums } from '../../src-main/tasks/multi-scale.ts'
import { forwardWithRunning } from '../../src-main/training/score-subnet.ts'
import { toNhwc } from '../support/formula-weights.ts'
import { buildGolden, deviation, goldenPixels } from '../support/golden-network.ts'
import type { GoldenNetwork } from '../support/golden-network.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface MultiScaleGolden extends GoldenNetwork {
  readonly cropSize: readonly [height: number, width: number]
  readonly baseSize: number
  readonly scales: readonly number[]
  readonly flip: boolean
}

describe.skipIf(!hasShared)('multi-scale and flip inference (needs ../shared/data)', () => {
  it('sums and labels are those of the published code', async () => {
    const golden = readGoldenJson<MultiScaleGolden>('seg/multiscale.json')
    const arrays = readNpz(goldenPath('seg/multiscale.npz'))
    const kernels = await createWasmKernels()
    const { supernet, plan } = buildGolden(kernels, golden)
    const session = supernet.openEvaluation()
    const [, channels, height, width] = golden.input.shape
    const infer = () =>
      multiScaleSums(
        kernels,
        forwardWithRunning(session, plan),
        { height, width, channels, values: goldenPixels(golden.input) },
        {
          ...{ scales: golden.scales, flip: golden.flip, base: golden.baseSize },
          crop: { height: golden.cropSize[0], width: golden.cropSize[1] },
        },
      )
    // The first pass uploads the weights of the plan.
    await infer()
    const before = kernels.liveTensors()
    const sums = await infer()
    expect(kernels.liveTensors()).toBe(before)
    const want = toNhwc(numbersOf(arrays, 'sum'), [1, golden.outputs, height, width])
    // Stated in the set.
    expect(deviation(sums.values, want)).toBeLessThanOrEqual(2e-4)
    const labels = largestChannel(sums)
    const wanted = numbersOf(arrays, 'argmax')
    labels.forEach((label, pixel) => {
      const values = Array.from(want.slice(pixel * golden.outputs, (pixel + 1) * golden.outputs))
      const [first = 0, second = 0] = values.toSorted((a, b) => b - a)
      if (first - second > 1e-3) {
        expect(label).toBe(wanted[pixel])
      }
    })
  })
})
