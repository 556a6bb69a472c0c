import { describe, expect, it } from 'vitest'
import type { BottomUpTaskConfig, PoseTaskConfig } from '../../../src-main/contract/index.ts'
import type { ImageRegion, PoseSample, Skeleton } from '../../../src-main/datasets/dataset.ts'
import { drawPoseAugmentation } from '../../../src-main/datasets/pose-augmentation.ts'
import { cropPose, mirrorPartners, planCrop } from '../../../src-main/datasets/pose-crop.ts'
import { sampleRandom } from '../../../src-main/datasets/sample-random.ts'
import { drawSceneAugmentation, sceneMatrix } from '../../../src-main/datasets/scene-augmentation.ts'
import { drawSegmentationAugmentation } from '../../../src-main/datasets/segmentation-batch.ts'
import { skeletonFromNames } from '../../../src-main/datasets/skeleton-from-names.ts'
import { COCO_17, CROWDPOSE_14, MPII_16 } from '../../../src-main/datasets/skeletons.ts'
import { applyAffine } from '../../../src-main/vision/affine.ts'
import { makeRunConfig } from './made-run-config.ts'

// method.md 5.5, 5.6 and 9.3 word by word: every rule is written here a second time, in float64 and by other means.

const POSE: PoseTaskConfig = makeRunConfig().pose
const DRAWS = 10_000

/** Joints told by their side; a user's own order of a whole body. */
const OWN = skeletonFromNames(
  [
    ...['head', 'LShoulder', 'RShoulder', 'l_elbow', 'r_elbow', 'wrist_l', 'wrist_r'],
    ...['left hip', 'right hip', 'LeftKnee', 'RightKnee', 'left_toe', 'right_toe'],
  ],
  [],
  null,
)

/** Straight from the method and the published code: pairs, upper and lower joints. */
const EXPECTED: readonly (readonly [Skeleton, readonly (readonly number[])[], readonly number[]])[] = [
  [COCO_17, [1, 3, 5, 7, 9, 11, 13, 15].map((left) => [left, left + 1]), range(0, 10)],
  [CROWDPOSE_14, [0, 2, 4, 6, 8, 10].map((left) => [left, left + 1]), [...range(0, 5), 12, 13]],
  [
    MPII_16,
    [
      [0, 5],
      [1, 4],
      [2, 3],
      [10, 15],
      [11, 14],
      [12, 13],
    ],
    range(7, 15),
  ],
  [OWN, [1, 3, 5, 7, 9, 11].map((left) => [left, left + 1]), range(0, 6)],
]

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at)
}

function personOf(skeleton: Skeleton, labelled: readonly number[], name = 'p'): PoseSample {
  const random = sampleRandom('person', name)
  const keypoints = new Float32Array(skeleton.joints.length * 3)
  for (const joint of labelled) {
    keypoints.set([20 + random.next() * 40, 15 + random.next() * 60, 1 + random.int(2)], joint * 3)
  }
  return {
    ...{ id: name, imageKey: name, imageWidth: 91, imageHeight: 100, box: [18, 12, 44, 66], area: 1500 },
    keypoints,
  }
}

/** Within four standard deviations of n draws of probability p. */
function expectShare(count: number, n: number, p: number): void {
  expect(Math.abs(count - n * p)).toBeLessThan(4 * Math.sqrt(n * p * (1 - p)))
}

/** P(a standard normal is below x), by Simpson's rule over its density. */
function normalBelow(x: number): number {
  const [from, steps] = [-9, 4000]
  const density = (at: number) => Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI)
  const width = (x - from) / steps
  let sum = density(from) + density(x)
  for (let step = 1; step < steps; step++) {
    sum += density(from + step * width) * (step % 2 === 1 ? 4 : 2)
  }
  return (sum * width) / 3
}

describe.each(EXPECTED)('joints of $name', (skeleton, pairs, upper) => {
  const count = skeleton.joints.length

  it('have the pairs and halves of the method; the halves share nothing and leave nothing out', () => {
    expect(skeleton.flipPairs).toEqual(pairs)
    expect(skeleton.upperJoints).toEqual(upper)
    expect([...skeleton.upperJoints, ...skeleton.lowerJoints].toSorted((a, b) => a - b)).toEqual(
      range(0, count - 1),
    )
    for (const [left, right] of skeleton.flipPairs) {
      expect([skeleton.sides[left], skeleton.sides[right]].toSorted()).toEqual(['left', 'right'])
    }
    const partners = mirrorPartners(skeleton)
    expect(partners.map((partner) => partners[partner])).toEqual(range(0, count - 1))
  })

  it('change places with their partners in a mirrored crop, their weights and missing labels with them', () => {
    const labelled = range(0, count - 1).filter((joint) => joint % 3 !== 1)
    const sample = personOf(skeleton, labelled)
    const image: ImageRegion = {
      ...{ width: 91, height: 100, data: new Uint8Array(91 * 100 * 3), left: 0, top: 0, zoom: 1 },
      ...{ imageWidth: 91, imageHeight: 100 },
    }
    const options = { inputHeight: 64, inputWidth: 48, sigma: 1 }
    const turn = { halfBody: null, scaleFactor: 0.9, rotationDegrees: 25, isFlipped: true }
    const { weights, target } = cropPose(image, sample, skeleton, options, turn)
    const pairOf = new Map(pairs.flatMap(([a = 0, b = 0]) => [[a, b] as const, [b, a] as const]))
    for (let joint = 0; joint < count; joint++) {
      const channel = pairOf.get(joint) ?? joint
      const [x = 0, y = 0, visibility = 0] = sample.keypoints.subarray(joint * 3, joint * 3 + 3)
      const [u, v] = cropFormula(
        { centre: [91 - 1 - (18 + 43 / 2), 12 + 65 / 2], width: Math.max(43, 0.75 * 65) * 1.25 * 0.9 },
        { x: 91 - 1 - x, y, degrees: 25, inputWidth: 48, inputHeight: 64 },
      )
      const [mx, my] = [Math.trunc(u / 4 + 0.5), Math.trunc(v / 4 + 0.5)]
      const isInside = mx >= 0 && my >= 0 && mx < 12 && my < 16
      if (visibility === 0) {
        expect(weights[channel]).toBe(0)
      } else if (isInside) {
        expect(weights[channel]).toBe(1)
        expect(target[(my * 12 + mx) * count + channel]).toBe(1)
      }
    }
  })
})

/** x' = k R (x - centre) + half the input, with R = [[cos, sin], [-sin, cos]] and k = input width / width of the frame. */
function cropFormula(
  frame: { readonly centre: readonly [number, number]; readonly width: number },
  to: {
    readonly x: number
    readonly y: number
    readonly degrees: number
    readonly inputWidth: number
    readonly inputHeight: number
  },
): [number, number] {
  const k = to.inputWidth / frame.width
  const r = (to.degrees / 180) * Math.PI
  const [dx, dy] = [to.x - frame.centre[0], to.y - frame.centre[1]]
  return [
    k * (Math.cos(r) * dx + Math.sin(r) * dy) + to.inputWidth / 2,
    k * (-Math.sin(r) * dx + Math.cos(r) * dy) + to.inputHeight / 2,
  ]
}

describe('half body', () => {
  it.each(EXPECTED)(
    'of $name: mean of the labelled joints, extent, aspect, margin 1.5',
    (skeleton, _, upper) => {
      for (const half of ['upper', 'lower'] as const) {
        const joints = range(0, skeleton.joints.length - 1).filter(
          (joint) => upper.includes(joint) === (half === 'upper'),
        )
        const sample = personOf(skeleton, range(0, skeleton.joints.length - 1), half)
        sample.keypoints[(joints[1] ?? 0) * 3 + 2] = 0
        const kept = joints.filter((_joint, at) => at !== 1)
        const xs = kept.map((joint) => sample.keypoints[joint * 3] ?? NaN)
        const ys = kept.map((joint) => sample.keypoints[joint * 3 + 1] ?? NaN)
        const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
        let width = Math.max(...xs) - Math.min(...xs)
        let height = Math.max(...ys) - Math.min(...ys)
        if (width > 0.75 * height) {
          height = width / 0.75
        } else {
          width = 0.75 * height
        }
        const draw = { halfBody: half, scaleFactor: 1.2, rotationDegrees: 0, isFlipped: true }
        const { centre, scale } = planCrop(
          sample,
          skeleton,
          { inputHeight: 64, inputWidth: 48, sigma: 1 },
          draw,
        )
        expect(centre[0]).toBeCloseTo(91 - mean(xs) - 1, 9)
        expect(centre[1]).toBeCloseTo(mean(ys), 9)
        expect(scale[0]).toBeCloseTo((width / 200) * 1.5 * 1.2, 12)
        expect(scale[1]).toBeCloseTo((height / 200) * 1.5 * 1.2, 12)
      }
    },
  )

  it('leaves the whole body where the half has one joint, or all of them on one point', () => {
    const options = { inputHeight: 64, inputWidth: 48, sigma: 1 }
    const draw = { scaleFactor: 1, rotationDegrees: 0, isFlipped: false }
    for (const joints of [[0], [0, 1, 2, 3]]) {
      const sample = personOf(COCO_17, [...joints, ...range(11, 16)])
      joints.forEach((joint) => {
        sample.keypoints.set([30, 30, 2], joint * 3)
      })
      const whole = planCrop(sample, COCO_17, options, { ...draw, halfBody: null })
      const half = planCrop(sample, COCO_17, options, { ...draw, halfBody: 'upper' })
      expect(half).toEqual(whole)
      expect(half.toInput.every(Number.isFinite)).toBe(true)
    }
  })

  it('takes 0.3 of those with nine joints, 0.69 of them the upper half, and the other where one has two joints', () => {
    const drawnHalves = (labelled: readonly number[]) => {
      const random = sampleRandom('halves', labelled.length)
      const sample = personOf(COCO_17, labelled)
      const halves = Array.from(
        { length: DRAWS },
        () => drawPoseAugmentation(random, sample, COCO_17, POSE).halfBody,
      )
      return {
        upper: halves.filter((half) => half === 'upper').length,
        lower: halves.filter((half) => half === 'lower').length,
      }
    }
    const both = drawnHalves(range(5, 14))
    expectShare(both.upper + both.lower, DRAWS, 0.3)
    expectShare(both.upper, both.upper + both.lower, normalBelow(0.5))
    // Eight joints are not more than eight.
    expect(drawnHalves(range(5, 12))).toEqual({ upper: 0, lower: 0 })
    // Two lower joints are not more than two: always the upper half. Two upper ones: always the lower.
    expect(drawnHalves(range(4, 12)).lower).toBe(0)
    const few = skeletonFromNames(
      ['head', 'neck', ...range(0, 7).map((at) => `foot ${String(at)}`)],
      [],
      null,
    )
    const random = sampleRandom('few')
    const sample = personOf(few, range(0, 9))
    const halves = new Set(
      Array.from({ length: 2000 }, () => drawPoseAugmentation(random, sample, few, POSE).halfBody),
    )
    expect(halves).toEqual(new Set([null, 'lower']))
  })
})

describe('distribution of the draws', () => {
  it('pose: scale and rotation are clipped normals, mirror and rotation as often as stated', () => {
    const sample = personOf(COCO_17, range(0, 3))
    const draws = Array.from({ length: DRAWS }, (_, at) =>
      drawPoseAugmentation(sampleRandom('augment', 1, 0, 0, `s${String(at)}`), sample, COCO_17, POSE),
    )
    const scales = draws.map(({ scaleFactor }) => scaleFactor)
    expect(Math.min(...scales)).toBe(0.65)
    expect(Math.max(...scales)).toBe(1.35)
    const tail = normalBelow(-1)
    expectShare(scales.filter((scale) => scale === 0.65).length, DRAWS, tail)
    expectShare(scales.filter((scale) => scale === 1.35).length, DRAWS, tail)
    expectShare(scales.filter((scale) => scale < 1 + 0.35 * 0.5).length, DRAWS, normalBelow(0.5))
    const angles = draws.map(({ rotationDegrees }) => rotationDegrees)
    expectShare(angles.filter((angle) => angle === 0).length, DRAWS, 0.4)
    expectShare(angles.filter((angle) => angle === 90).length, DRAWS, 0.6 * normalBelow(-2))
    expectShare(angles.filter((angle) => angle === -90).length, DRAWS, 0.6 * normalBelow(-2))
    expectShare(angles.filter((angle) => angle < -45).length, DRAWS, 0.6 * normalBelow(-1))
    expectShare(draws.filter(({ isFlipped }) => isFlipped).length, DRAWS, 0.5)
    // Independent of each other, though one generator gives both.
    expectShare(
      draws.filter(({ isFlipped, rotationDegrees }) => isFlipped && rotationDegrees > 0).length,
      DRAWS,
      0.15,
    )
  })

  it('segmentation: each of the 17 factors, exactly k tenths, and both axes of the crop uniform', () => {
    const { segmentation } = makeRunConfig()
    const draws = Array.from({ length: DRAWS }, (_, at) =>
      drawSegmentationAugmentation(sampleRandom('augment', 2, 0, 0, `s${String(at)}`), segmentation),
    )
    for (let k = 0; k <= 16; k++) {
      expectShare(draws.filter(({ factor }) => factor === 0.5 + k / 10).length, DRAWS, 1 / 17)
    }
    for (const shift of ['shiftX', 'shiftY'] as const) {
      for (let quarter = 0; quarter < 4; quarter++) {
        expectShare(draws.filter((draw) => Math.floor(draw[shift] * 4) === quarter).length, DRAWS, 0.25)
      }
    }
    expectShare(draws.filter(({ isFlipped }) => isFlipped).length, DRAWS, 0.5)
  })

  it('bottom-up: uniform scale and rotation, whole shifts of 40 · scale, mirror', () => {
    const image = { width: 640, height: 400 }
    const draws = Array.from({ length: DRAWS }, (_, at) =>
      drawSceneAugmentation(sampleRandom('augment', 3, 0, 0, `s${String(at)}`), image, SCENE),
    )
    for (let tenth = 0; tenth < 10; tenth++) {
      const isIn = (value: number) => Math.floor(value * 10) === tenth
      expectShare(draws.filter(({ scaleFactor }) => isIn((scaleFactor - 0.75) / 0.75)).length, DRAWS, 0.1)
      expectShare(draws.filter(({ rotationDegrees }) => isIn((rotationDegrees + 30) / 60)).length, DRAWS, 0.1)
    }
    for (const axis of [0, 1] as const) {
      for (const { shift, scaleFactor } of draws) {
        const reach = Math.trunc(40 * (400 / 200) * scaleFactor)
        expect(Number.isInteger(shift[axis])).toBe(true)
        expect(shift[axis]).toBeGreaterThanOrEqual(-reach)
        expect(shift[axis]).toBeLessThan(reach)
      }
      // Of 2 · reach whole numbers, reach are below 0.
      expectShare(draws.filter(({ shift }) => shift[axis] < 0).length, DRAWS, 0.5)
      const halves = draws.filter(
        ({ shift, scaleFactor }) => shift[axis] >= 0 && shift[axis] < Math.trunc(80 * scaleFactor) / 2,
      )
      // Rounding to whole pixels moves this share by less than half a pixel in 2 · 60: below a standard deviation.
      expectShare(halves.length, DRAWS, 0.25)
    }
    expectShare(draws.filter(({ isFlipped }) => isFlipped).length, DRAWS, 0.5)
  })
})

const SCENE: BottomUpTaskConfig = {
  ...{ sigma: 2, augment: true, scaleMin: 0.75, scaleMax: 1.5, rotationDegrees: 30, translation: 40 },
  ...{ flipProbability: 0.5, tagWeight: 0.001, mostPersons: 30, detectionThreshold: 0.1, tagThreshold: 1 },
  scales: [1],
}

type Matrix = readonly (readonly number[])[]

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) =>
    [0, 1, 2].map((column) => row.reduce((sum, value, at) => sum + value * (b[at]?.[column] ?? NaN), 0)),
  )
}

describe('bottom-up affine', () => {
  it.each([512, 128, 256])(
    'at side %i is the published product of matrices: to the map, turned about its middle, then mirrored',
    (side) => {
      const random = sampleRandom('matrix', side)
      for (const image of [
        { width: 640, height: 427 },
        { width: 333, height: 500 },
      ]) {
        for (let draw = 0; draw < 20; draw++) {
          const augmentation = drawSceneAugmentation(random, image, SCENE)
          const h = 200 * (Math.min(image.width, image.height) / 200) * augmentation.scaleFactor
          const centre = [image.width / 2 + augmentation.shift[0], image.height / 2 + augmentation.shift[1]]
          const place: Matrix = [
            [side / h, 0, side * (-(centre[0] ?? 0) / h + 0.5)],
            [0, side / h, side * (-(centre[1] ?? 0) / h + 0.5)],
            [0, 0, 1],
          ]
          const r = (-augmentation.rotationDegrees * Math.PI) / 180
          const turn: Matrix = [
            [Math.cos(r), -Math.sin(r), 0],
            [Math.sin(r), Math.cos(r), 0],
            [0, 0, 1],
          ]
          const move = (by: number): Matrix => [
            [1, 0, by],
            [0, 1, by],
            [0, 0, 1],
          ]
          const mirror: Matrix = [
            [augmentation.isFlipped ? -1 : 1, 0, augmentation.isFlipped ? side - 1 : 0],
            [0, 1, 0],
            [0, 0, 1],
          ]
          const whole = [move(side / 2), turn, move(-side / 2), place].reduce(product, mirror)
          const got = sceneMatrix(image, side, augmentation)
          // A product of five matrices against closed sums, both float64.
          got.forEach((value, at) => {
            expect(Math.abs(value - (whole[Math.floor(at / 3)]?.[at % 3] ?? NaN))).toBeLessThan(1e-9)
          })
        }
      }
    },
  )

  it('lays maps of a quarter and half of the side by the same draw: joints of one are those of the other, scaled', () => {
    const image = { width: 640, height: 427 }
    const upright = { scaleFactor: 1.2, rotationDegrees: 17, shift: [12, -9] as const, isFlipped: false }
    const [whole, quarter] = [512, 128].map((side) =>
      applyAffine(sceneMatrix(image, side, upright), 200, 150),
    )
    expect((quarter?.[0] ?? NaN) * 4).toBeCloseTo(whole?.[0] ?? NaN, 9)
    expect((quarter?.[1] ?? NaN) * 4).toBeCloseTo(whole?.[1] ?? NaN, 9)
  })
})
