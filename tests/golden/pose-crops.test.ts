import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { ImageRegion, PoseSample } from '../../src-main/datasets/dataset.ts'
import { cropPose, mirrorPartners } from '../../src-main/datasets/pose-crop.ts'
import { clipBox } from '../../src-main/datasets/pose-box.ts'
import { COCO_17 } from '../../src-main/datasets/skeletons.ts'
import { applyAffine, invertAffine } from '../../src-main/vision/affine.ts'
import { goldenPath, hasShared, numbersOf, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface CropExample {
  bbox: [number, number, number, number]
  cleanBox: number[]
  center: [number, number]
  scale: [number, number]
  zoom: number
  rotation: number
  flip: boolean
  size: [number, number]
  source: string
}

const DEVIATION = [0.229, 0.224, 0.225]
const MEAN = [0.485, 0.456, 0.406]

async function readRegion(path: string): Promise<ImageRegion> {
  const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const { width, height } = info
  return {
    width,
    height,
    data: new Uint8Array(data),
    left: 0,
    top: 0,
    zoom: 1,
    imageWidth: width,
    imageHeight: height,
  }
}

/** The reference lists joints after the mirror and before the crop, (0, 0) without a label; ours are those of the file. */
function storedKeypoints(joints: readonly number[], mirrorWidth: number | null): Float32Array {
  const keypoints = new Float32Array(joints.length)
  const partners = mirrorPartners(COCO_17)
  for (let joint = 0; joint < joints.length / 3; joint++) {
    const x = joints[joint * 3] ?? NaN
    const y = joints[joint * 3 + 1] ?? NaN
    if (x > 0 || y > 0) {
      const stored = mirrorWidth === null ? joint : (partners[joint] ?? joint)
      keypoints.set([mirrorWidth === null ? x : mirrorWidth - 1 - x, y, 2], stored * 3)
    }
  }
  return keypoints
}

async function cropExample(index: number) {
  const golden = readGoldenJson<{ examples: CropExample[] }>('pose/crops.json')
  const example = golden.examples[index]
  if (example === undefined) {
    throw new Error(`no example ${String(index)}`)
  }
  const arrays = readNpz(goldenPath('pose/crops.npz'))
  const image = await readRegion(goldenPath(`pose/${example.source}`))
  const sample: PoseSample = {
    id: example.source,
    imageKey: example.source,
    imageWidth: image.width,
    imageHeight: image.height,
    box: example.bbox,
    keypoints: storedKeypoints(
      numbersOf(arrays, `jointsBefore${String(index)}`),
      example.flip ? image.width : null,
    ),
    area: 1,
  }
  const [inputWidth, inputHeight] = example.size
  const crop = cropPose(
    image,
    sample,
    COCO_17,
    { inputHeight, inputWidth, sigma: 2 },
    {
      halfBody: null,
      scaleFactor: example.zoom,
      rotationDegrees: example.rotation,
      isFlipped: example.flip,
    },
  )
  return { example, arrays, image, sample, crop }
}

describe.skipIf(!hasShared)('person crops against OpenCV (needs ../shared/data/golden/pose/crops)', () => {
  it.each([0, 1, 2])('example %i: centre, scale and matrix', async (index) => {
    const { example, arrays, image, sample, crop } = await cropExample(index)
    const clean = clipBox(sample.box, image.width, image.height) ?? [0, 0, 0, 0]
    clean.forEach((value, at) => {
      expect(value).toBeCloseTo(example.cleanBox[at] ?? NaN, 9)
    })
    // The reference keeps centre and scale in float32.
    expect(crop.centre[0]).toBeCloseTo(example.center[0], 4)
    expect(crop.centre[1]).toBeCloseTo(example.center[1], 4)
    expect(crop.scale[0]).toBeCloseTo(example.scale[0], 6)
    const matrix = numbersOf(arrays, `matrix${String(index)}`)
    const mirror = example.flip ? image.width - 1 : null
    const [a, b, c, d, e, f] = crop.toInput
    // The reference mirrors the picture first; ours folds the mirror into the map.
    const unmirrored = mirror === null ? [a, b, c, d, e, f] : [-a, b, c + a * mirror, -d, e, f + d * mirror]
    unmirrored.forEach((value, at) => {
      expect(Math.abs(value - (matrix[at] ?? NaN))).toBeLessThan(1e-4)
    })
  })

  it.each([0, 1, 2])(
    'example %i: every pixel of the unquantised warp within one grey level',
    async (index) => {
      const { arrays, crop } = await cropExample(index)
      const exact = numbersOf(arrays, `exact${String(index)}`)
      expect(crop.input.length).toBe(exact.length)
      let worst = 0
      exact.forEach((expected, at) => {
        const grey = ((crop.input[at] ?? NaN) * (DEVIATION[at % 3] ?? NaN) + (MEAN[at % 3] ?? NaN)) * 255
        worst = Math.max(worst, Math.abs(grey - expected))
      })
      // The reference is rounded to whole levels (0.5) and keeps centre and scale in float32 (the rest).
      expect(worst).toBeLessThanOrEqual(1)
    },
  )

  it.each([0, 1, 2])(
    'example %i: OpenCV itself, which samples at 1/32 pixel: half a grey level in the mean, 99.5 %% within six',
    async (index) => {
      const { arrays, crop } = await cropExample(index)
      const off = numbersOf(arrays, `crop${String(index)}`).map((expected, at) => {
        const grey = ((crop.input[at] ?? NaN) * (DEVIATION[at % 3] ?? NaN) + (MEAN[at % 3] ?? NaN)) * 255
        return Math.abs(grey - expected)
      })
      expect(off).toHaveLength(crop.input.length)
      expect(off.reduce((sum, value) => sum + value, 0) / off.length).toBeLessThanOrEqual(0.5)
      expect(off.filter((value) => !(value <= 6)).length / off.length).toBeLessThanOrEqual(0.005)
    },
  )

  it.each([0, 1, 2])('example %i: joints after crop and mirror', async (index) => {
    const { arrays, sample, crop, example } = await cropExample(index)
    const after = numbersOf(arrays, `jointsAfter${String(index)}`)
    const partners = mirrorPartners(COCO_17)
    let compared = 0
    for (let joint = 0; joint < 17; joint++) {
      if ((sample.keypoints[joint * 3 + 2] ?? 0) === 0) {
        continue
      }
      const [x, y] = applyAffine(
        crop.toInput,
        sample.keypoints[joint * 3] ?? NaN,
        sample.keypoints[joint * 3 + 1] ?? NaN,
      )
      const to = (example.flip ? (partners[joint] ?? joint) : joint) * 3
      expect(Math.abs(x - (after[to] ?? NaN))).toBeLessThan(1e-3)
      expect(Math.abs(y - (after[to + 1] ?? NaN))).toBeLessThan(1e-3)
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  })

  it('maps heat-map pixels back by the inverse of the crop', async () => {
    const { crop } = await cropExample(1)
    const [x, y] = applyAffine(crop.toImage, 10, 20)
    const [backX, backY] = applyAffine(invertAffine(crop.toImage), x, y)
    const [inputX, inputY] = applyAffine(crop.toInput, x, y)
    expect([backX, backY, inputX, inputY].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([
      10, 20, 40, 80,
    ])
  })
})
