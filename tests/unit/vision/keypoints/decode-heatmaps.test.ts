import { describe, expect, it } from 'vitest'
import { decodeHeatmaps } from '../../../../src-main/vision/keypoints/decode-heatmaps.ts'
import { averageFlipTest } from '../../../../src-main/vision/keypoints/flip-test.ts'

/** One sample, one joint. */
function mapOf(width: number, height: number, points: readonly (readonly [number, number, number])[]) {
  const values = new Float32Array(width * height)
  for (const [x, y, value] of points) {
    values[y * width + x] = value
  }
  return { values, samples: 1, height, width, joints: 1 }
}

const positionOf = (points: readonly (readonly [number, number, number])[]) =>
  Array.from(decodeHeatmaps(mapOf(6, 5, points)).positions)

describe('decodeHeatmaps', () => {
  it('takes the first of equal maxima in row-major order', () => {
    expect(
      positionOf([
        [1, 2, 0.5],
        [4, 1, 0.5],
        [0, 4, 0.5],
      ]),
    ).toEqual([4, 1])
  })

  it('gives (0, 0) for a map without a positive value', () => {
    const decoded = decodeHeatmaps({ ...mapOf(3, 3, []), values: new Float32Array(9).fill(-1) })
    expect(Array.from(decoded.positions)).toEqual([0, 0])
    expect(decoded.confidences[0]).toBe(-1)
  })

  it.each([
    [
      'moves a quarter toward the larger neighbours',
      [
        [3, 2, 1],
        [4, 2, 0.5],
        [3, 1, 0.2],
      ],
      [3.25, 1.75],
    ],
    [
      'stays between equal neighbours',
      [
        [3, 2, 1],
        [4, 2, 0.5],
        [2, 2, 0.5],
      ],
      [3, 2],
    ],
    [
      'does not move in column 1',
      [
        [1, 2, 1],
        [2, 2, 0.5],
        [1, 3, 0.5],
      ],
      [1, 2],
    ],
    [
      'does not move in the last row',
      [
        [3, 4, 1],
        [4, 4, 0.5],
      ],
      [3, 4],
    ],
  ] as const)('%s', (_, points, expected) => {
    expect(positionOf(points)).toEqual(expected)
  })

  it('refuses an array that does not fill the shape', () => {
    expect(() => decodeHeatmaps({ ...mapOf(3, 3, []), width: 4 })).toThrow(
      '9 values do not fill [1, 3, 4, 1]',
    )
  })
})

describe('averageFlipTest', () => {
  it('reads column 0 for columns 0 and 1 of the un-mirrored map and exchanges joints', () => {
    const zeros = { values: new Float32Array(8), samples: 1, height: 1, width: 4, joints: 2 }
    // Un-mirrored columns of joint 0 are 70, 50, 30, 10; of joint 1 80, 60, 40, 20.
    const mirrored = { ...zeros, values: Float32Array.from([10, 20, 30, 40, 50, 60, 70, 80]) }
    const averaged = averageFlipTest(zeros, mirrored, { partners: [1, 0] })
    expect(Array.from(averaged)).toEqual([40, 35, 40, 35, 30, 25, 20, 15])
    const unshifted = averageFlipTest(zeros, mirrored, { partners: [1, 0], shift: false })
    expect(Array.from(unshifted)).toEqual([40, 35, 30, 25, 20, 15, 10, 5])
  })

  it('refuses maps of different shape', () => {
    const small = mapOf(3, 3, [])
    expect(() => averageFlipTest(small, mapOf(4, 3, []), { partners: [0] })).toThrow('same shape')
    expect(() => averageFlipTest(small, small, { partners: [0, 1] })).toThrow('2 partners for 1 joints')
  })
})
