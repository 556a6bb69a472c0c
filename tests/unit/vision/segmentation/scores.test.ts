import { describe, expect, it } from 'vitest'
import {
  addToConfusionMatrix,
  createConfusionMatrix,
} from '../../../../src-main/vision/segmentation/confusion-matrix.ts'
import {
  intersectionOverUnion,
  meanAccuracy,
  meanIou,
  pixelAccuracy,
} from '../../../../src-main/vision/segmentation/intersection-over-union.ts'
import {
  balancedClassWeights,
  mostFrequentClass,
} from '../../../../src-main/vision/segmentation/most-frequent-class.ts'

function matrixOf(truth: readonly number[], prediction: readonly number[], classes: number) {
  const matrix = createConfusionMatrix(classes)
  addToConfusionMatrix(matrix, truth, prediction, 255)
  return matrix
}

describe('segmentation scores', () => {
  // Truth 0: three pixels, two right; truth 1: two pixels, one right; one ignored; classes 2 and 3 absent.
  const matrix = matrixOf([0, 0, 0, 1, 1, 255], [0, 0, 1, 1, 0, 3], 4)

  it('counts truth by row and prediction by column, without ignored pixels', () => {
    expect(Array.from(matrix.counts)).toEqual([2, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('gives null for a class that is nowhere and leaves the choice to the caller', () => {
    expect(intersectionOverUnion(matrix)).toEqual([2 / 4, 1 / 3, null, null])
    expect(meanIou(matrix, { absentClasses: 'exclude' })).toBeCloseTo((1 / 2 + 1 / 3) / 2, 12)
    expect(meanIou(matrix, { absentClasses: 'zero' })).toBeCloseTo((1 / 2 + 1 / 3) / 4, 12)
  })

  it('counts a class that is only predicted as 0', () => {
    expect(intersectionOverUnion(matrixOf([0, 0], [0, 1], 2))).toEqual([0.5, 0])
  })

  it('averages accuracy over pixels or over classes', () => {
    expect(pixelAccuracy(matrix)).toBeCloseTo(3 / 5, 12)
    expect(meanAccuracy(matrix)).toBeCloseTo((2 / 3 + 1 / 2) / 2, 12)
    expect(pixelAccuracy(createConfusionMatrix(2))).toBe(0)
    expect(meanIou(createConfusionMatrix(2), { absentClasses: 'exclude' })).toBe(0)
  })

  it('refuses other lengths and labels', () => {
    expect(() => matrixOf([0], [0, 1], 2)).toThrow('1 truth pixels, 2 predicted')
    expect(() => matrixOf([2], [0], 2)).toThrow('pixel 0 has truth 2')
    expect(() => matrixOf([0], [2], 2)).toThrow('prediction 2')
  })
})

describe('mostFrequentClass', () => {
  it('takes the class with most pixels, the first of equals', () => {
    expect(mostFrequentClass([1, 5, 5, 2])).toBe(1)
  })
})

describe('balancedClassWeights', () => {
  it('weighs rare classes more, absent ones 0, with mean 1 over those present', () => {
    const weights = balancedClassWeights([900, 100, 0])
    expect(weights[2]).toBe(0)
    expect(((weights[0] ?? 0) + (weights[1] ?? 0)) / 2).toBeCloseTo(1, 12)
    expect((weights[1] ?? 0) / (weights[0] ?? 1)).toBeCloseTo(Math.log(1.02 + 0.9) / Math.log(1.02 + 0.1), 12)
    expect(balancedClassWeights([0, 0])).toEqual([0, 0])
  })
})
