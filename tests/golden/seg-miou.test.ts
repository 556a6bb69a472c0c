import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  addToConfusionMatrix,
  createConfusionMatrix,
} from '../../src-main/vision/segmentation/confusion-matrix.ts'
import {
  intersectionOverUnion,
  meanAccuracy,
  meanIou,
  pixelAccuracy,
} from '../../src-main/vision/segmentation/intersection-over-union.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz, sharedPath } from '../support/read-npz.ts'

interface MiouGolden {
  images: { name: string }[]
  confusion: number[][]
  iou: number[]
  meanIoU: number
  pixelAccuracy: number
  meanAccuracy: number
}

describe.skipIf(!hasShared)('segmentation scores of five CamVid frames (needs ../shared/data)', () => {
  it('equals the confusion matrix and scores of the published code', async () => {
    const golden = readGoldenJson<MiouGolden>('seg/miou_val.json')
    const arrays = readNpz(goldenPath('seg/miou_val.npz'))
    const matrix = createConfusionMatrix(11)
    for (const { name } of golden.images) {
      const labels = await sharp(sharedPath(`data/camvid/val/labels/${name}.png`))
        .extractChannel(0)
        .raw()
        .toBuffer()
      addToConfusionMatrix(matrix, labels, numbersOf(arrays, `prediction:${name}`), 11)
    }
    expect(Array.from(matrix.counts)).toEqual(golden.confusion.flat())
    intersectionOverUnion(matrix).forEach((iou, index) => {
      expect(iou).toBeCloseTo(golden.iou[index] ?? NaN, 12)
    })
    expect(meanIou(matrix, { absentClasses: 'zero' })).toBeCloseTo(golden.meanIoU, 12)
    expect(meanIou(matrix, { absentClasses: 'exclude' })).toBeCloseTo(golden.meanIoU, 12)
    expect(pixelAccuracy(matrix)).toBeCloseTo(golden.pixelAccuracy, 12)
    expect(meanAccuracy(matrix)).toBeCloseTo(golden.meanAccuracy, 12)
  })
})
