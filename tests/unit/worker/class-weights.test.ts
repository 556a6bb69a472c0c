import { expect, it } from 'vitest'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { CITYSCAPES_CLASS_WEIGHTS } from '../../../src-main/vision/segmentation/cityscapes-class-weights.ts'
import { openRunContext } from '../../../src-main/worker/run-context.ts'
import { readPresets } from '../../support/engine-core.ts'

it('Cityscapes weights on a dataset with other classes are refused with both counts', async () => {
  const config = freezeConfig(await readPresets(), {
    preset: 'micro-seg',
    overrides: { 'segmentation.classWeights': 'cityscapes' },
  })
  await expect(openRunContext(config, await createWasmKernels())).rejects.toThrow(
    /"cityscapes" has 19 weights, this dataset 11 classes/,
  )
})

it('Cityscapes weights are the published 19, about 1 on average', () => {
  expect(CITYSCAPES_CLASS_WEIGHTS).toHaveLength(19)
  // Lowest for road, which has most pixels, highest for motorcycles (trainIds 0 and 17 of method.md 5.3).
  expect(CITYSCAPES_CLASS_WEIGHTS.indexOf(Math.min(...CITYSCAPES_CLASS_WEIGHTS))).toBe(0)
  expect(CITYSCAPES_CLASS_WEIGHTS.indexOf(Math.max(...CITYSCAPES_CLASS_WEIGHTS))).toBe(17)
  const mean = CITYSCAPES_CLASS_WEIGHTS.reduce((sum, weight) => sum + weight, 0) / 19
  expect(mean).toBeCloseTo(1, 1)
})
