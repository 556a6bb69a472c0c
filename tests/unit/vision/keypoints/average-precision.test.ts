import { describe, expect, it } from 'vitest'
import { averagePrecision } from '../../../../src-main/vision/keypoints/average-precision.ts'
import { objectKeypointSimilarity } from '../../../../src-main/vision/keypoints/object-keypoint-similarity.ts'

const sigmas = [0.1, 0.1]
const person = (imageId: number, x: number, area = 50 * 50) => ({
  imageId,
  keypoints: [x, 10, 2, x + 40, 60, 2],
  box: [x, 10, 40, 50] as const,
  area,
  isCrowd: false,
})
const detection = (imageId: number, x: number, score: number) => ({
  imageId,
  score,
  keypoints: [x, 10, 1, x + 40, 60, 1],
})

describe('objectKeypointSimilarity', () => {
  it('is 1 on the spot and exp(-1/2) at two sigma x root of the area', () => {
    expect(objectKeypointSimilarity(detection(1, 0, 1), person(1, 0), sigmas)).toBe(1)
    const away = objectKeypointSimilarity(detection(1, 2 * 0.1 * 50, 1), person(1, 0), sigmas)
    expect(away).toBeCloseTo(Math.exp(-0.5), 12)
  })

  it('measures from the grown box where no joint is labelled', () => {
    const unlabelled = { ...person(1, 100), keypoints: [0, 0, 0, 0, 0, 0] }
    expect(objectKeypointSimilarity(detection(1, 100, 1), unlabelled, sigmas)).toBe(1)
    expect(objectKeypointSimilarity(detection(1, 400, 1), unlabelled, sigmas)).toBeLessThan(1e-6)
  })

  it('refuses another number of joints', () => {
    expect(() => objectKeypointSimilarity({ keypoints: [1, 2, 3] }, person(1, 0), sigmas)).toThrow(
      'needs 6 numbers',
    )
  })
})

describe('averagePrecision', () => {
  it('is 1 for exact predictions and -1 without truth', () => {
    const truth = [person(1, 0), person(1, 200), person(2, 5)]
    const exact = [detection(1, 0, 0.9), detection(1, 200, 0.8), detection(2, 5, 0.7)]
    const scores = averagePrecision({ truth, detections: exact, sigmas })
    expect([scores.ap, scores.ar, scores.apMedium, scores.apLarge]).toEqual([1, 1, 1, -1])
    expect(averagePrecision({ truth: [], detections: exact, sigmas }).ap).toBe(-1)
  })

  it('samples precision at 101 recalls: a wrong detection between two right ones', () => {
    const truth = [person(1, 0), person(2, 0)]
    const detections = [detection(1, 0, 0.9), detection(1, 900, 0.8), detection(2, 0, 0.7)]
    // Recall 0..0.5 (51 points) at precision 1, the other 50 at 2/3.
    expect(averagePrecision({ truth, detections, sigmas }).ap50).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 12)
  })

  it('does not count detections on a crowd, however many', () => {
    const truth = [person(1, 0), { ...person(1, 300), isCrowd: true }]
    const detections = [detection(1, 300, 0.9), detection(1, 300, 0.85), detection(1, 0, 0.8)]
    expect(averagePrecision({ truth, detections, sigmas }).ap).toBeCloseTo(1, 12)
  })

  it('looks at the 20 best detections of a picture', () => {
    const detections = Array.from({ length: 20 }, (_, index) => detection(1, 5000, 0.9 - index * 0.01))
    const scores = averagePrecision({
      truth: [person(1, 0)],
      detections: [...detections, detection(1, 0, 0.1)],
      sigmas,
    })
    expect([scores.ap, scores.ar]).toEqual([0, 0])
  })
})
