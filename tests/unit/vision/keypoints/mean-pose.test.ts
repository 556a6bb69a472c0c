import { describe, expect, it } from 'vitest'
import { meanPose, placeMeanPose } from '../../../../src-main/vision/keypoints/mean-pose.ts'

describe('meanPose', () => {
  it('averages positions relative to the box, over labelled joints only', () => {
    const mean = meanPose(
      [
        { box: [0, 0, 10, 20], keypoints: [5, 5, 2, 1, 1, 0, 0, 0, 0] },
        { box: [100, 100, 20, 40], keypoints: [120, 130, 1, 110, 140, 2, 0, 0, 0] },
        { box: [0, 0, 0, 10], keypoints: [9, 9, 2, 9, 9, 2, 9, 9, 2] },
      ],
      3,
    )
    expect(Array.from(mean)).toEqual([0.75, 0.5, 0.5, 1, 0.5, 0.5])
  })

  it('reproduces a pose that all training poses share, in a box of another size', () => {
    const mean = meanPose([{ box: [2, 4, 10, 10], keypoints: [3, 9, 2, 12, 14, 2] }], 2)
    expect(Array.from(placeMeanPose(mean, [20, 40, 100, 100]))).toEqual([30, 90, 120, 140])
  })
})
