import { describe, expect, it } from 'vitest'
import type { ImageRegion, PoseSample } from '../../../src-main/datasets/dataset.ts'
import { frameHalfBody } from '../../../src-main/datasets/pose-box.ts'
import { cropPose, mirrorPartners, planCrop } from '../../../src-main/datasets/pose-crop.ts'
import { sampleRandom } from '../../../src-main/datasets/sample-random.ts'
import { CROWDPOSE_14 } from '../../../src-main/datasets/skeletons.ts'
import { applyAffine } from '../../../src-main/vision/affine.ts'

const options = { inputHeight: 64, inputWidth: 48, sigma: 1 }
const plain = { halfBody: null, scaleFactor: 1, rotationDegrees: 0, isFlipped: false }

function noiseImage(width: number, height: number): ImageRegion {
  const random = sampleRandom('noise', width)
  const data = Uint8Array.from({ length: width * height * 3 }, () => random.int(256))
  return { width, height, data, left: 0, top: 0, zoom: 1, imageWidth: width, imageHeight: height }
}

function personIn(image: ImageRegion): PoseSample {
  const random = sampleRandom('person')
  const keypoints = new Float32Array(14 * 3)
  for (let joint = 0; joint < 14; joint++) {
    keypoints.set([20 + random.next() * 40, 15 + random.next() * 60, 2], joint * 3)
  }
  return {
    id: 'p',
    imageKey: 'p',
    imageWidth: image.width,
    imageHeight: image.height,
    box: [18, 12, 44, 66],
    keypoints,
    area: 1500,
  }
}

function mirrored(image: ImageRegion, sample: PoseSample): { image: ImageRegion; sample: PoseSample } {
  const { width, height } = image
  const data = new Uint8Array(image.data.length)
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * 3
      data.set(image.data.subarray(from, from + 3), (row * width + width - 1 - column) * 3)
    }
  }
  const keypoints = new Float32Array(sample.keypoints.length)
  mirrorPartners(CROWDPOSE_14).forEach((partner, joint) => {
    const [x = 0, y = 0, visibility = 0] = sample.keypoints.subarray(joint * 3, joint * 3 + 3)
    keypoints.set([width - 1 - x, y, visibility], partner * 3)
  })
  const [left, top, boxWidth, boxHeight] = sample.box
  // Clipping keeps the left edge and takes one pixel off the width; centre x must be mirrored exactly.
  const box = [
    width - 1 - (left + (boxWidth - 1) / 2) - (boxWidth - 1) / 2,
    top,
    boxWidth,
    boxHeight,
  ] as const
  return { image: { ...image, data }, sample: { ...sample, box, keypoints } }
}

describe('cropPose', () => {
  it('flips as if picture and annotation had been mirrored before', () => {
    const image = noiseImage(90, 100)
    const sample = personIn(image)
    const turned = { ...plain, rotationDegrees: 20, scaleFactor: 0.8 }
    const flipped = cropPose(image, sample, CROWDPOSE_14, options, { ...turned, isFlipped: true })
    const before = mirrored(image, sample)
    const expected = cropPose(before.image, before.sample, CROWDPOSE_14, options, turned)
    // float32 sampling weights at slightly different float64 positions.
    flipped.input.forEach((value, at) => {
      expect(Math.abs(value - (expected.input[at] ?? NaN))).toBeLessThan(1e-4)
    })
    expect(flipped.target).toEqual(expected.target)
    expect(flipped.weights).toEqual(expected.weights)
  })

  it('gives the same crop from a cut-out as from the whole picture', () => {
    const image = noiseImage(90, 100)
    const sample = personIn(image)
    const left = 3
    const top = 2
    const width = 80
    const height = 95
    const data = new Uint8Array(width * height * 3)
    for (let row = 0; row < height; row++) {
      const from = ((row + top) * 90 + left) * 3
      data.set(image.data.subarray(from, from + width * 3), row * width * 3)
    }
    const region = { ...image, width, height, data, left, top }
    expect(cropPose(region, sample, CROWDPOSE_14, options, null).input).toEqual(
      cropPose(image, sample, CROWDPOSE_14, options, null).input,
    )
  })

  it('puts the peak of each target within half a heat-map pixel of its joint, and maps it back', () => {
    const image = noiseImage(90, 100)
    const sample = personIn(image)
    const crop = cropPose(image, sample, CROWDPOSE_14, options, { ...plain, rotationDegrees: -30 })
    let checked = 0
    for (let joint = 0; joint < 14; joint++) {
      const peak = Array.from({ length: 16 * 12 }, (_, pixel) => crop.target[pixel * 14 + joint] ?? 0)
      const best = peak.indexOf(1)
      if (best >= 0) {
        const [x, y] = applyAffine(crop.toImage, best % 12, Math.floor(best / 12))
        const pixel = (200 * crop.scale[0]) / 12
        const distance = Math.hypot(
          x - (sample.keypoints[joint * 3] ?? 0),
          y - (sample.keypoints[joint * 3 + 1] ?? 0),
        )
        expect(distance).toBeLessThanOrEqual(Math.SQRT1_2 * pixel + 1e-6)
        checked++
      }
    }
    expect(checked).toBeGreaterThan(10)
  })

  it('leaves unlabelled joints without target and weight', () => {
    const image = noiseImage(90, 100)
    const sample = personIn(image)
    sample.keypoints[3 * 3 + 2] = 0
    const crop = cropPose(image, sample, CROWDPOSE_14, options, null)
    expect(crop.weights[3]).toBe(0)
    expect(
      Array.from({ length: 16 * 12 }, (_, pixel) => crop.target[pixel * 14 + 3]).every((v) => v === 0),
    ).toBe(true)
    expect(crop.weights.filter((weight) => weight === 1).length).toBe(13)
  })

  it('frames half a body by the mean and extent of its labelled joints', () => {
    const image = noiseImage(90, 100)
    const keypoints = new Float32Array(14 * 3)
    keypoints.set([30, 20, 2], 0)
    keypoints.set([50, 20, 2], 3)
    keypoints.set([40, 60, 1], 6 * 3)
    const sample = { ...personIn(image), keypoints }
    // Extent 20 x 0 at aspect 0.75 becomes 20 x 26.67; margin 1.5, unit 200.
    const frame = frameHalfBody(sample, CROWDPOSE_14, 'upper', 0.75)
    expect(frame?.centre).toEqual([40, 20])
    expect(frame?.scale[0]).toBeCloseTo((20 / 200) * 1.5, 12)
    expect(frame?.scale[1]).toBeCloseTo((20 / 0.75 / 200) * 1.5, 12)
    expect(frameHalfBody(sample, CROWDPOSE_14, 'lower', 0.75)).toBeNull()
    const crop = planCrop(sample, CROWDPOSE_14, options, { ...plain, halfBody: 'lower' })
    expect(crop.centre).toEqual(planCrop(sample, CROWDPOSE_14, options, null).centre)
  })
})
