import { describe, expect, it } from 'vitest'
import { mirrorPartners } from '../../src-main/datasets/pose-crop.ts'
import { COCO_17 } from '../../src-main/datasets/skeletons.ts'
import { decodeHeatmaps, type Heatmaps } from '../../src-main/vision/keypoints/decode-heatmaps.ts'
import { averageFlipTest } from '../../src-main/vision/keypoints/flip-test.ts'
import { goldenPath, hasShared, numbersOf, readNpz, type NpyArray } from '../support/read-npz.ts'

type Arrays = Record<string, NpyArray>

/** N C H W to N H W C. */
function heatmapsOf(arrays: Arrays, name: string): Heatmaps {
  const [samples = 0, joints = 0, height = 0, width = 0] = arrays[name]?.shape ?? []
  const source = numbersOf(arrays, name)
  const values = new Float32Array(source.length)
  for (let sample = 0; sample < samples; sample++) {
    for (let joint = 0; joint < joints; joint++) {
      for (let pixel = 0; pixel < height * width; pixel++) {
        values[(sample * height * width + pixel) * joints + joint] =
          source[(sample * joints + joint) * height * width + pixel] ?? NaN
      }
    }
  }
  return { values, samples, joints, height, width }
}

/** method.md 6.2 step 4. */
function toImage(arrays: Arrays, positions: Float32Array, width: number, height: number): number[] {
  const centre = numbersOf(arrays, 'center')
  const scale = numbersOf(arrays, 'scale')
  return Array.from(positions, (value, at) => {
    const sample = Math.floor(at / 34)
    const middle = at % 2 === 0 ? width / 2 : height / 2
    const pixel = (200 * (scale[sample * 2] ?? NaN)) / width
    return (centre[sample * 2 + (at % 2)] ?? NaN) + (value - middle) * pixel
  })
}

function expectNear(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  const worst = actual.reduce((most, value, at) => Math.max(most, Math.abs(value - (expected[at] ?? NaN))), 0)
  expect(worst).toBeLessThanOrEqual(tolerance)
}

describe.skipIf(!hasShared)('heat-map decoding (needs ../shared/data/golden/pose/decode)', () => {
  const load = (): Arrays => readNpz(goldenPath('pose/decode.npz'))

  it('finds the same arg-max and value', () => {
    const arrays = load()
    const decoded = decodeHeatmaps(heatmapsOf(arrays, 'maps'), { quarterShift: false })
    expect(Array.from(decoded.positions)).toEqual(numbersOf(arrays, 'argmax'))
    expect(Array.from(decoded.confidences)).toEqual(numbersOf(arrays, 'maxima'))
  })

  it('shifts a quarter pixel and maps back to the picture', () => {
    const arrays = load()
    const { positions } = decodeHeatmaps(heatmapsOf(arrays, 'maps'))
    expectNear(toImage(arrays, positions, 48, 64), numbersOf(arrays, 'keypoints'), 0.002)
    const plain = decodeHeatmaps(heatmapsOf(arrays, 'maps'), { quarterShift: false }).positions
    expectNear(toImage(arrays, plain, 48, 64), numbersOf(arrays, 'keypointsNoShift'), 0.002)
  })

  it.each([
    ['averaged', true],
    ['averagedNoShift', false],
  ])('averages the mirrored maps: %s', (name, shift) => {
    const arrays = load()
    const maps = heatmapsOf(arrays, 'maps')
    const values = averageFlipTest(maps, heatmapsOf(arrays, 'mapsFlipped'), {
      partners: mirrorPartners(COCO_17),
      shift,
    })
    const expected = heatmapsOf(arrays, name)
    const firstJoints = Array.from({ length: expected.values.length }, (_, at) => {
      const pixel = Math.floor(at / expected.joints)
      return values[pixel * maps.joints + (at % expected.joints)] ?? NaN
    })
    expectNear(firstJoints, Array.from(expected.values), 1e-6)
  })

  it('decodes the flip test', () => {
    const arrays = load()
    const maps = heatmapsOf(arrays, 'maps')
    const values = averageFlipTest(maps, heatmapsOf(arrays, 'mapsFlipped'), {
      partners: mirrorPartners(COCO_17),
    })
    const decoded = decodeHeatmaps({ ...maps, values })
    expectNear(toImage(arrays, decoded.positions, 48, 64), numbersOf(arrays, 'keypointsFlipTest'), 0.002)
    expectNear(Array.from(decoded.confidences), numbersOf(arrays, 'maximaFlipTest'), 1e-6)
  })
})
