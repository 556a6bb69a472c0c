import { describe, expect, it } from 'vitest'
import { similarityPerJoint } from '../../../../src-main/vision/keypoints/joint-similarity.ts'

const SIGMAS = [0.1, 0.05]
const truth = (imageId: string, keypoints: readonly number[], isCrowd = false) => ({
  ...{ imageId, keypoints, isCrowd, area: 100 },
  box: [0, 0, 10, 10] as const,
})
const found = (imageId: string, keypoints: readonly number[]) => ({ imageId, keypoints, score: 1 })

describe('OKS joint by joint', () => {
  it('takes the detection most like each person, and 0 where nobody was detected', () => {
    const persons = [
      truth('a', [0, 0, 2, 10, 0, 2]),
      truth('b', [5, 5, 1, 0, 0, 0]),
      truth('c', [1, 1, 2, 2, 2, 2]),
    ]
    const detections = [
      found('a', [90, 90, 1, 90, 90, 1]),
      // Off by 2 and by 1 pixels.
      found('a', [2, 0, 1, 10, 1, 1]),
      found('b', [5, 5, 1, 70, 70, 1]),
    ]
    const [first, second] = similarityPerJoint(persons, detections, SIGMAS)
    // exp(-d² / (2 (2 sigma)² area)) of joint 0: d = 2, then 0, then nobody; of joint 1: d = 1, then nobody.
    expect(first).toBeCloseTo((Math.exp(-4 / (2 * 0.04 * 100)) + 1 + 0) / 3, 12)
    expect(second).toBeCloseTo((Math.exp(-1 / (2 * 0.01 * 100)) + 0) / 2, 12)
  })

  it('knows nothing of joints that are labelled nowhere, and counts no crowd', () => {
    expect(similarityPerJoint([truth('a', [0, 0, 2, 0, 0, 0])], [], SIGMAS)).toEqual([0, null])
    expect(similarityPerJoint([truth('a', [0, 0, 2, 0, 0, 2], true)], [], SIGMAS)).toEqual([null, null])
  })
})
