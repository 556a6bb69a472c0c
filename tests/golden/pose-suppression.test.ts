import { describe, expect, it } from 'vitest'
import { COCO_17 } from '../../src-main/datasets/skeletons.ts'
import { oksNms, poseSimilarity, softOksNms } from '../../src-main/vision/keypoints/oks-nms.ts'
import { headSize, pckh } from '../../src-main/vision/keypoints/pckh.ts'
import { personScore } from '../../src-main/vision/keypoints/person-score.ts'
import { hasShared, readGoldenJson, sharedPath } from '../support/read-npz.ts'
import { readJsonFile } from '../../src-main/engine/evaluate/read-json-file.ts'

interface NmsGolden {
  readonly sets: readonly {
    readonly threshold: number
    readonly people: readonly { keypoints: number[]; area: number; boxScore: number; rescored: number }[]
    readonly keep: readonly number[]
    readonly softKeep: readonly number[]
    readonly oksOfFirst: readonly number[]
  }[]
}

interface PckhGolden {
  /** [joint][xy][image] */
  readonly groundTruth: readonly (readonly (readonly number[])[])[]
  /** [joint][image] */
  readonly missing: readonly (readonly number[])[]
  /** [corner][xy][image] */
  readonly headBoxes: readonly (readonly (readonly number[])[])[]
  /** [image][joint][xy] */
  readonly predictions: readonly (readonly (readonly number[])[])[]
  readonly result: Readonly<Record<string, number>>
}

describe.skipIf(!hasShared)('OKS-NMS and PCKh (needs ../shared/data)', () => {
  it('rescores, suppresses hard and soft as the HRNet code does', () => {
    for (const { threshold, people, keep, softKeep, oksOfFirst } of readGoldenJson<NmsGolden>(
      'pose/oks_nms.json',
    ).sets) {
      const poses = people.map(({ keypoints, area, boxScore }) => ({
        keypoints,
        area,
        score: personScore(
          boxScore,
          keypoints.filter((_, at) => at % 3 === 2),
        ),
      }))
      poses.forEach(({ score }, index) => {
        expect(score).toBeCloseTo(people[index]?.rescored ?? NaN, 12)
      })
      const [first, ...others] = poses
      others.forEach((other, index) => {
        const similarity = first === undefined ? NaN : poseSimilarity(first, other, COCO_17.sigmas)
        expect(Math.abs(similarity - (oksOfFirst[index] ?? NaN))).toBeLessThanOrEqual(1e-9)
      })
      expect(oksNms(poses, COCO_17.sigmas, threshold)).toEqual(keep)
      expect(softOksNms(poses, COCO_17.sigmas, threshold)).toEqual(softKeep)
    }
  })

  it('counts PCKh as the MPII evaluation does', () => {
    const { groundTruth, missing, headBoxes, predictions, result } =
      readGoldenJson<PckhGolden>('pose/pckh.json')
    const persons = predictions.map((joints, image) => ({
      // Predictions are 0-based, the truth is 1-based.
      positions: joints.flatMap(([x = 0, y = 0]) => [x + 1, y + 1]),
      keypoints: groundTruth.flatMap(([xs, ys], joint) => [
        ...[xs?.[image] ?? 0, ys?.[image] ?? 0],
        1 - (missing[joint]?.[image] ?? 1),
      ]),
      headSize: headSize(
        ...([0, 1].flatMap((corner) => [0, 1].map((axis) => headBoxes[corner]?.[axis]?.[image] ?? 0)) as [
          ...[number, number, number, number],
        ]),
      ),
    }))
    const scores = pckh(persons)
    for (const [name, value] of Object.entries(result).filter(([key]) => key !== 'Mean@0.1')) {
      const got = scores[name.toLowerCase() as keyof typeof scores]
      expect(Math.abs(100 * (got ?? NaN) - value), name).toBeLessThanOrEqual(1e-9)
    }
    expect(100 * (pckh(persons, 0.11).mean ?? NaN)).toBeCloseTo(result['Mean@0.1'] ?? NaN, 9)
  })

  it('mmpose_mpii: the truth as prediction is found whole', async () => {
    const { value } = await readJsonFile(sharedPath('data/eval_parity/mmpose_mpii/test_mpii.json'))
    const people = value as { joints: number[][]; joints_vis: number[]; scale: number }[]
    const scores = pckh(
      people.map(({ joints, joints_vis, scale }) => ({
        positions: joints.flat(),
        keypoints: joints.flatMap(([x = 0, y = 0], joint) => [x, y, joints_vis[joint] ?? 0]),
        headSize: scale * 20,
      })),
    )
    expect(people.length).toBe(5)
    expect(scores.mean).toBe(1)
  })
})

describe('OKS-NMS', () => {
  it('keeps one of two equal poses, the later one at equal scores, and none of none', () => {
    const pose = { keypoints: [0, 0, 1, 10, 10, 1], area: 100, score: 0.5 }
    expect(oksNms([pose, { ...pose }], [0.1, 0.1])).toEqual([1])
    expect(softOksNms([pose, { ...pose, score: 0.6 }], [0.1, 0.1])).toEqual([1, 0])
    expect(oksNms([], [0.1])).toEqual([])
  })

  it('gives no score to a person without a confident joint', () => {
    expect(personScore(0.9, [0.2, 0.1])).toBe(0)
    expect(personScore(0.5, [0.4, 0.2, 0.8])).toBeCloseTo(0.3, 12)
  })
})
