import { describe, expect, it } from 'vitest'
import type { SegmentationTaskConfig } from '../../../src-main/contract/index.ts'
import { drawSegmentationAugmentation, planWindow } from '../../../src-main/datasets/segmentation-batch.ts'
import { scriptedRandom } from './scripted-random.ts'

const config: SegmentationTaskConfig = {
  augment: true,
  scaleMin: 0.5,
  scaleMax: 2.1,
  flipProbability: 0.5,
  miningShare: 12,
  miningThreshold: 0.9,
  classWeights: 'none',
}
const input = { inputHeight: 96, inputWidth: 128 }
const frame = { width: 480, height: 360 }

describe('drawSegmentationAugmentation', () => {
  it('draws factor, column, row, mirror, with the 17 factors of the published code', () => {
    let choices = 0
    const random = {
      ...scriptedRandom([
        ['next', 0.25],
        ['next', 0.75],
        ['next', 0.4],
      ]),
      int: (n: number) => {
        choices = n
        return 16
      },
    }
    const drawn = drawSegmentationAugmentation(random, config)
    expect(choices).toBe(17)
    expect(drawn.factor).toBeCloseTo(2.1, 12)
    expect([drawn.shiftX, drawn.shiftY, drawn.isFlipped]).toEqual([0.25, 0.75, true])
  })
})

describe('planWindow', () => {
  it('fits the whole picture at factor 1', () => {
    expect(planWindow(frame, input, null)).toEqual({
      resizedWidth: 128,
      resizedHeight: 96,
      left: 0,
      top: 0,
      isFlipped: false,
    })
  })

  it('reaches the last row and column, and never beyond', () => {
    const augmentation = { factor: 2, shiftX: 0.999999, shiftY: 0, isFlipped: false }
    const window = planWindow(frame, input, augmentation)
    expect(window.left).toBe(128)
    expect(window.left + 128).toBe(window.resizedWidth)
    expect(window.top).toBe(0)
  })

  it('does not cut a picture that is smaller than the input', () => {
    const augmentation = { factor: 0.5, shiftX: 0.9, shiftY: 0.9, isFlipped: true }
    expect(planWindow(frame, input, augmentation)).toEqual({
      resizedWidth: 64,
      resizedHeight: 48,
      left: 0,
      top: 0,
      isFlipped: true,
    })
  })

  it('cuts a crop out of a picture that is scaled by the network input, as published: 2048 · f, then 512 × 1024', () => {
    const network = { inputHeight: 1024, inputWidth: 2048 }
    const crop = { inputHeight: 512, inputWidth: 1024 }
    const cityscapes = { width: 2048, height: 1024 }
    for (const factor of [0.5, 1, 2.1]) {
      const drawn = { factor, shiftX: 0.999999, shiftY: 0.999999, isFlipped: false }
      const window = planWindow(cityscapes, network, drawn, crop)
      expect(window.resizedWidth).toBe(Math.floor(2048 * factor + 0.5))
      expect(window.left + crop.inputWidth).toBe(window.resizedWidth)
      expect(window.top + crop.inputHeight).toBe(window.resizedHeight)
    }
  })

  it('without augmentation fits the whole picture into the crop', () => {
    const window = planWindow(frame, input, null, { inputHeight: 48, inputWidth: 64 })
    expect(window).toMatchObject({ resizedWidth: 64, resizedHeight: 48, left: 0, top: 0 })
  })

  it('keeps the shape of a picture of another shape than the input', () => {
    const window = planWindow({ width: 300, height: 100 }, input, null)
    expect([window.resizedWidth, window.resizedHeight]).toEqual([128, 43])
  })
})
