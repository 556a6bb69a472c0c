import { describe, expect, it } from 'vitest'
import type { BottomUpTaskConfig, DatasetConfig } from '../../../src-main/contract/index.ts'
import { openDrawnCrowdDataset } from '../../../src-main/datasets/drawn/drawn-crowd-dataset.ts'
import { CROWD_SCENE_SIZE } from '../../../src-main/datasets/drawn/crowd-scene.ts'
import { countLabelled } from '../../../src-main/datasets/pose-box.ts'
import { sampleRandom } from '../../../src-main/datasets/sample-random.ts'
import {
  drawSceneAugmentation,
  PLAIN_SCENE,
  placeJoints,
  sceneMatrix,
} from '../../../src-main/datasets/scene-augmentation.ts'
import { assembleSceneBatch } from '../../../src-main/datasets/scene-batch.ts'
import { applyAffine } from '../../../src-main/vision/affine.ts'

const config = (seed: number): DatasetConfig => ({
  source: 'drawn',
  drawn: { train: 150, search: 5, report: 5, seed },
  searchFraction: 0.1,
  searchLimit: 10,
  reportLimit: 10,
})

const TASK: BottomUpTaskConfig = {
  ...{ sigma: 1, augment: true, scaleMin: 0.75, scaleMax: 1.5, rotationDegrees: 30, translation: 40 },
  ...{ flipProbability: 0.5, tagWeight: 0.001, mostPersons: 30, detectionThreshold: 0.1, tagThreshold: 1 },
  scales: [1],
}
const NETWORK = { inputHeight: 64, inputWidth: 64 }

describe('drawn groups', () => {
  const dataset = openDrawnCrowdDataset(config(1), 1e7)
  const { train } = dataset.splits

  it('follow from the seed alone', async () => {
    const again = openDrawnCrowdDataset(config(1), 0)
    expect(again.splits).toEqual(dataset.splits)
    expect(again.facts).toEqual(dataset.facts)
    expect(openDrawnCrowdDataset(config(2), 0).facts.fingerprint).not.toBe(dataset.facts.fingerprint)
    for (const sample of train.slice(0, 3)) {
      expect(await again.load(sample)).toEqual(await dataset.load(sample))
    }
  })

  it('show one and several people, small and large, some of their joints hidden, some people not labelled', () => {
    const counts = new Set(train.map(({ persons }) => persons.length))
    expect([...counts].toSorted()).toEqual([1, 2, 3])
    const persons = train.flatMap((sample) => sample.persons)
    const heights = persons.map(({ box }) => box[3])
    expect(Math.max(...heights) / Math.min(...heights)).toBeGreaterThan(1.5)
    const visibilities = new Set(
      persons.flatMap(({ keypoints }) => [...keypoints].filter((_, i) => i % 3 === 2)),
    )
    expect(visibilities).toEqual(new Set([0, 1, 2]))
    const unlabelled = persons.filter(({ keypoints }) => countLabelled(keypoints) === 0)
    expect(unlabelled.length).toBeGreaterThan(0)
    expect(dataset.facts.leftOut[0]?.count).toBeGreaterThanOrEqual(unlabelled.length)
  })

  it('have a mask exactly where someone is not labelled, and joints inside the picture', async () => {
    for (const sample of train) {
      for (const { keypoints } of sample.persons) {
        for (let at = 0; at < keypoints.length; at += 3) {
          const isLabelled = (keypoints[at + 2] ?? 0) > 0
          const inside = [keypoints[at] ?? -1, keypoints[at + 1] ?? -1].every(
            (v) => v >= 0 && v < CROWD_SCENE_SIZE,
          )
          expect(!isLabelled || inside).toBe(true)
        }
      }
      const isHidden = sample.persons.some(({ keypoints }) => countLabelled(keypoints) === 0)
      if (isHidden) {
        // Someone who stands behind others entirely leaves no pixel to mask.
        const { mask } = await dataset.load(sample)
        expect(mask === null || mask.includes(0)).toBe(true)
      }
    }
    const plain = train.filter(({ persons }) =>
      persons.every(({ keypoints }) => countLabelled(keypoints) > 0),
    )
    expect(
      (await dataset.load(plain[0] ?? { id: '', imageWidth: 0, imageHeight: 0, persons: [] })).mask,
    ).toBeNull()
  })
})

describe('the affine of bottom-up pose (method.md 9.3)', () => {
  const image = { width: 640, height: 427 }

  it('lays the short side into the map, about the centre', () => {
    const map = sceneMatrix(image, 128, PLAIN_SCENE)
    expect(applyAffine(map, 320, 213.5)).toEqual([64, 64])
    const [, top] = applyAffine(map, 320, 0)
    expect(top).toBeCloseTo(0, 10)
  })

  it('zooms by the factor, turns about the centre of the map, mirrors at last', () => {
    const turned = sceneMatrix(image, 128, { ...PLAIN_SCENE, scaleFactor: 2, rotationDegrees: 90 })
    // HigherHRNet's rot = -90: its matrix (cos, -sin; sin, cos) takes what is right of the centre up.
    const [x, y] = applyAffine(turned, 320 + 42.7, 213.5)
    expect([x, y].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([64, 64 - (42.7 * 128) / 854])
    const flipped = sceneMatrix(image, 128, { ...PLAIN_SCENE, isFlipped: true })
    const plain = sceneMatrix(image, 128, PLAIN_SCENE)
    const [px, py] = applyAffine(plain, 100, 50)
    const [fx, fy] = applyAffine(flipped, 100, 50)
    expect(fx).toBeCloseTo(127 - px, 10)
    expect(fy).toBe(py)
  })

  it('draws inside the published ranges', () => {
    const random = sampleRandom('test')
    for (let i = 0; i < 200; i++) {
      const { scaleFactor, rotationDegrees, shift } = drawSceneAugmentation(random, image, TASK)
      expect(scaleFactor).toBeGreaterThanOrEqual(0.75)
      expect(scaleFactor).toBeLessThan(1.5)
      expect(Math.abs(rotationDegrees)).toBeLessThanOrEqual(30)
      const reach = (40 * 427 * scaleFactor) / 200
      for (const by of shift) {
        expect(Number.isInteger(by)).toBe(true)
        expect(Math.abs(by)).toBeLessThanOrEqual(reach)
      }
    }
  })

  it('exchanges left and right of mirrored persons', () => {
    const placed = placeJoints([1, 2, 2, 3, 4, 1], [1, 0, 0, 0, 1, 0], [1, 0])
    expect([...placed]).toEqual([3, 4, 1, 1, 2, 2])
  })
})

describe('a bottom-up batch', () => {
  const dataset = openDrawnCrowdDataset(config(1), 1e7)
  const draws = () =>
    dataset.splits.train.slice(0, 6).map((sample) => ({ sample, random: sampleRandom('augment', sample.id) }))

  it('follows from its draws, whoever computes it', async () => {
    expect(await assembleSceneBatch(dataset, draws(), NETWORK, TASK)).toEqual(
      await assembleSceneBatch(dataset, draws(), NETWORK, TASK),
    )
  })

  it('reads tags where the coarse heat maps have their peaks', async () => {
    const { coarse, fine, persons, size } = await assembleSceneBatch(dataset, draws(), NETWORK, TASK)
    expect(coarse.heat).toHaveLength(size * 16 * 16 * 14)
    expect(fine.heat).toHaveLength(size * 32 * 32 * 14)
    expect(fine.mask).toHaveLength(size * 32 * 32)
    let read = 0
    for (const [image, own] of persons.entries()) {
      for (const at of own.flat()) {
        expect(coarse.heat[image * 16 * 16 * 14 + at]).toBe(1)
        read += 1
      }
    }
    expect(read).toBeGreaterThan(50)
  })

  it('shows the augmented picture and its mask as loops over the published warp say', async () => {
    const masks = await Promise.all(
      dataset.splits.train.map(async (sample) =>
        (await dataset.load(sample)).mask === null ? [] : [sample],
      ),
    )
    const chosen = masks.flat().flatMap((sample) => ['a', 'b', 'c'].map((seed) => ({ sample, seed })))
    expect(chosen.length).toBeGreaterThanOrEqual(3)
    let masked = 0
    const batch = await assembleSceneBatch(
      dataset,
      chosen.map(({ sample, seed }) => ({ sample, random: sampleRandom('loop', seed) })),
      NETWORK,
      TASK,
    )
    for (const [index, { sample, seed }] of chosen.entries()) {
      const { image: picture, mask } = await dataset.load(sample)
      const size = { width: sample.imageWidth, height: sample.imageHeight }
      const drawn = drawSceneAugmentation(sampleRandom('loop', seed), size, TASK)
      /** Bilinear at the place that a map's pixel has in the picture; `outside` beyond it. */
      const sampled = (
        side: number,
        column: number,
        row: number,
        outside: number,
        at: (pixel: number) => number,
      ) => {
        const [a, b, c, d, e, f] = sceneMatrix(size, side, drawn)
        const determinant = a * e - b * d
        const x = (e * (column - c) - b * (row - f)) / determinant
        const y = (a * (row - f) - d * (column - c)) / determinant
        let sum = 0
        for (const px of [Math.floor(x), Math.floor(x) + 1]) {
          for (const py of [Math.floor(y), Math.floor(y) + 1]) {
            const isIn = px >= 0 && py >= 0 && px < picture.width && py < picture.height
            const weight = (1 - Math.abs(x - px)) * (1 - Math.abs(y - py))
            sum += weight * (isIn ? at(py * picture.width + px) : outside)
          }
        }
        return sum
      }
      for (let pixel = 0; pixel < 64 * 64; pixel++) {
        const [column, row] = [pixel % 64, Math.floor(pixel / 64)]
        for (const channel of [0, 1, 2] as const) {
          const grey = sampled(64, column, row, 0, (from) => picture.data[from * 3 + channel] ?? NaN)
          const mean = [0.485, 0.456, 0.406][channel] ?? NaN
          const expected = (grey / 255 - mean) / ([0.229, 0.224, 0.225][channel] ?? NaN)
          // One rounding to float32 of values up to 2.7, and places from another formula.
          expect(
            Math.abs((batch.input[(index * 64 * 64 + pixel) * 3 + channel] ?? NaN) - expected),
          ).toBeLessThan(1e-6)
        }
      }
      for (const [side, target] of [
        [16, batch.coarse],
        [32, batch.fine],
      ] as const) {
        for (let pixel = 0; pixel < side * side; pixel++) {
          const share = sampled(
            side,
            pixel % side,
            Math.floor(pixel / side),
            0,
            (from) => 1 - (mask?.[from] ?? NaN),
          )
          // A tie that rounding decides says nothing.
          if (Math.abs(share - 0.5) > 1e-9) {
            expect(target.mask[index * side * side + pixel]).toBe(share > 0.5 ? 0 : 1)
            masked += share > 0.5 ? 1 : 0
          }
        }
      }
    }
    expect(masked).toBeGreaterThan(5)
  })

  it('masks what the picture masks, and nothing outside of it', async () => {
    const masked = []
    for (const sample of dataset.splits.train) {
      if ((await dataset.load(sample)).mask !== null) {
        masked.push({ sample, random: null })
      }
    }
    const batch = await assembleSceneBatch(dataset, masked, NETWORK, TASK)
    expect(masked.length).toBeGreaterThan(0)
    const side = CROWD_SCENE_SIZE
    for (const [index, { sample }] of masked.entries()) {
      const { mask } = await dataset.load(sample)
      const shown = batch.fine.mask.subarray(index * 32 * 32, (index + 1) * 32 * 32)
      const share = (values: ArrayLike<number>): number =>
        Array.from(values).filter((v) => v === 0).length / values.length
      // Nearest to sampling every fourth pixel: shares agree within a few pixels of the border.
      expect(Math.abs(share(shown) - share(mask ?? []))).toBeLessThan(8 / side)
    }
  })
})
