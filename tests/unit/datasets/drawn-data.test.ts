import { describe, expect, it } from 'vitest'
import type { DatasetConfig } from '../../../src-main/contract/index.ts'
import { openDrawnPoseDataset } from '../../../src-main/datasets/drawn/drawn-pose-dataset.ts'
import { openDrawnStreetDataset } from '../../../src-main/datasets/drawn/drawn-street-dataset.ts'
import { describePoseScene, POSE_SCENE_SIZE } from '../../../src-main/datasets/drawn/pose-scene.ts'
import { capsule, convexPolygon, ellipse, type Shape } from '../../../src-main/datasets/drawn/shapes.ts'
import { countLabelled } from '../../../src-main/datasets/pose-box.ts'
import { sampleRandom } from '../../../src-main/datasets/sample-random.ts'

const config = (seed: number): DatasetConfig => ({
  source: 'drawn',
  drawn: { train: 60, search: 5, report: 5, seed },
  searchFraction: 0.1,
  searchLimit: 10,
  reportLimit: 10,
})

/** Sum of coverage over a grid. */
function areaOf(shape: Shape): number {
  let area = 0
  for (let y = 0; y < 60; y++) {
    for (let x = 0; x < 60; x++) {
      area += shape.coverage(x, y)
    }
  }
  return area
}

describe('shapes', () => {
  it.each([
    ['a circle', ellipse([30, 30], 12, 12), Math.PI * 144],
    ['an ellipse turned by 30 degrees', ellipse([30, 30], 16, 12, Math.PI / 6), Math.PI * 16 * 12],
    ['a capsule', capsule([15, 20], [45, 40], 5), Math.hypot(30, 20) * 10 + Math.PI * 25],
    [
      'a triangle in either direction',
      convexPolygon([
        [10.5, 10.5],
        [10.5, 40.5],
        [50.5, 10.5],
      ]),
      600,
    ],
  ])('%s covers its area within 1.5 percent', (_, shape, area) => {
    expect(Math.abs(areaOf(shape) - area) / area).toBeLessThan(0.015)
  })
})

describe('drawn people', () => {
  it('follow from the seed alone', async () => {
    const first = openDrawnPoseDataset(config(1), 1e6)
    const again = openDrawnPoseDataset(config(1), 0)
    const other = openDrawnPoseDataset(config(2), 1e6)
    expect(again.splits).toEqual(first.splits)
    expect(again.facts).toEqual(first.facts)
    expect(other.facts.fingerprint).not.toBe(first.facts.fingerprint)
    expect(other.splits.train[0]?.keypoints).not.toEqual(first.splits.train[0]?.keypoints)
    for (const sample of first.splits.train.slice(0, 3)) {
      expect(await again.loadImage(sample)).toEqual(await first.loadImage(sample))
    }
    const [sample] = first.splits.train
    if (sample !== undefined) {
      expect(await other.loadImage(sample)).not.toEqual(await first.loadImage(sample))
    }
  })

  it('have their joints inside the box, few of them outside the picture, some behind things', () => {
    let labelled = 0
    let hidden = 0
    const count = 300
    for (let index = 0; index < count; index++) {
      const { keypoints, box } = describePoseScene(sampleRandom('joints', index))
      labelled += countLabelled(keypoints)
      for (let joint = 0; joint < 14; joint++) {
        const [x = 0, y = 0, visibility = 0] = keypoints.subarray(joint * 3, joint * 3 + 3)
        if (visibility > 0) {
          hidden += visibility === 1 ? 1 : 0
          expect(x).toBeGreaterThanOrEqual(box[0])
          expect(x).toBeLessThanOrEqual(box[0] + box[2])
          expect(y).toBeGreaterThanOrEqual(box[1])
          expect(y).toBeLessThanOrEqual(box[1] + box[3])
        }
      }
    }
    expect(labelled / count).toBeGreaterThan(12.5)
    expect(hidden / labelled).toBeGreaterThan(0.02)
    expect(hidden / labelled).toBeLessThan(0.25)
  })

  it('come in all sizes from a third of the picture to all of it', () => {
    const sizes = Array.from({ length: 300 }, (_, index) => {
      const { box } = describePoseScene(sampleRandom('sizes', index))
      return Math.max(box[2], box[3]) / POSE_SCENE_SIZE
    })
    expect(sizes.filter((size) => size < 0.6).length).toBeGreaterThan(40)
    expect(sizes.filter((size) => size > 0.9).length).toBeGreaterThan(60)
    expect(Math.min(...sizes)).toBeGreaterThan(0.33)
  })

  it('show the left shoulder on either side: the side cannot be guessed', () => {
    const count = 400
    let isRightInPicture = 0
    for (let index = 0; index < count; index++) {
      const { keypoints } = describePoseScene(sampleRandom('sides', index))
      isRightInPicture += (keypoints[0] ?? 0) > (keypoints[3] ?? 0) ? 1 : 0
    }
    expect(isRightInPicture / count).toBeGreaterThan(0.4)
    expect(isRightInPicture / count).toBeLessThan(0.75)
  })
})

describe('drawn streets', () => {
  it('follow from the seed alone', async () => {
    const first = openDrawnStreetDataset(config(1), 1e7)
    const again = openDrawnStreetDataset(config(1), 0)
    const [sample] = first.splits.train
    expect(sample).toBeDefined()
    if (sample !== undefined) {
      expect(await again.load(sample)).toEqual(await first.load(sample))
      expect(await openDrawnStreetDataset(config(2), 0).load(sample)).not.toEqual(await first.load(sample))
    }
  })

  it('show every class, none of them everywhere, and only valid labels', async () => {
    const dataset = openDrawnStreetDataset(config(3), 1e7)
    const shares = new Float64Array(12)
    const pictures = new Float64Array(12)
    for (const sample of dataset.splits.train) {
      const { image, labels } = await dataset.load(sample)
      expect([image.width, image.height]).toEqual([sample.width, sample.height])
      const seen = new Set<number>()
      for (const label of labels) {
        const index = label === dataset.classes.ignoreLabel ? 11 : label
        seen.add(index)
        shares[index] = (shares[index] ?? 0) + 1 / (labels.length * dataset.splits.train.length)
      }
      expect(Math.max(...seen)).toBeLessThan(12)
      for (const index of seen) {
        pictures[index] = (pictures[index] ?? 0) + 1 / dataset.splits.train.length
      }
    }
    for (let index = 0; index < 11; index++) {
      expect(shares[index]).toBeGreaterThan(0.0015)
      expect(shares[index]).toBeLessThan(0.5)
      expect(pictures[index]).toBeGreaterThan(0.35)
    }
  })
})
