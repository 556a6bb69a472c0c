import { describe, expect, it } from 'vitest'
import type { RgbImage } from '../../../src-main/datasets/dataset.ts'
import { resampleLabels, resampleNormalized, type ResizeWindow } from '../../../src-main/datasets/resample.ts'
import { sampleRandom } from '../../../src-main/datasets/sample-random.ts'

const MEAN = [0.485, 0.456, 0.406]
const DEVIATION = [0.229, 0.224, 0.225]

function noiseImage(width: number, height: number): RgbImage {
  const random = sampleRandom('noise', width, height)
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.int(256)) }
}

/** float64, pixel by pixel: the mean of taps x taps bilinear samples. */
function oracle(image: RgbImage, window: ResizeWindow, width: number, height: number): number[] {
  const stepX = image.width / window.resizedWidth
  const stepY = image.height / window.resizedHeight
  const tapsX = Math.min(4, Math.max(1, Math.ceil(stepX - 1e-9)))
  const tapsY = Math.min(4, Math.max(1, Math.ceil(stepY - 1e-9)))
  const read = (x: number, y: number, channel: number): number =>
    image.data[(y * image.width + x) * 3 + channel] ?? NaN
  const bilinear = (x: number, y: number, channel: number): number => {
    const cx = Math.min(image.width - 1, Math.max(0, x))
    const cy = Math.min(image.height - 1, Math.max(0, y))
    const x0 = Math.floor(cx)
    const y0 = Math.floor(cy)
    const x1 = Math.min(image.width - 1, x0 + 1)
    const y1 = Math.min(image.height - 1, y0 + 1)
    const top = read(x0, y0, channel) * (1 - (cx - x0)) + read(x1, y0, channel) * (cx - x0)
    const bottom = read(x0, y1, channel) * (1 - (cx - x0)) + read(x1, y1, channel) * (cx - x0)
    return top * (1 - (cy - y0)) + bottom * (cy - y0)
  }
  const result: number[] = []
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const u = (window.isFlipped ? width - 1 - column : column) + window.left
      const v = row + window.top
      for (let channel = 0; channel < 3; channel++) {
        let grey = 0
        for (let tap = 0; tap < tapsX * tapsY && u < window.resizedWidth && v < window.resizedHeight; tap++) {
          const x = (u + ((tap % tapsX) + 0.5) / tapsX) * stepX - 0.5
          const y = (v + (Math.floor(tap / tapsX) + 0.5) / tapsY) * stepY - 0.5
          grey += bilinear(x, y, channel) / (tapsX * tapsY)
        }
        result.push((grey / 255 - (MEAN[channel] ?? NaN)) / (DEVIATION[channel] ?? NaN))
      }
    }
  }
  return result
}

describe('resampleNormalized', () => {
  it.each([
    ['makes smaller', { resizedWidth: 12, resizedHeight: 9, left: 0, top: 0, isFlipped: false }],
    ['makes larger and cuts', { resizedWidth: 90, resizedHeight: 70, left: 41, top: 33, isFlipped: true }],
    [
      'pads right and bottom before the mirror',
      { resizedWidth: 8, resizedHeight: 5, left: 0, top: 0, isFlipped: true },
    ],
    ['keeps the size', { resizedWidth: 40, resizedHeight: 30, left: 7, top: 5, isFlipped: false }],
  ])('%s', (_, window) => {
    const image = noiseImage(40, 30)
    const values = new Float32Array(16 * 12 * 3 + 5).fill(9)
    resampleNormalized(image, window, { values, offset: 5, width: 16, height: 12 })
    expect(Array.from(values.subarray(0, 5))).toEqual([9, 9, 9, 9, 9])
    const expected = oracle(image, window, 16, 12)
    // float32 sums of at most 36 terms of size about 2.
    expected.forEach((value, at) => {
      expect(Math.abs((values[at + 5] ?? NaN) - value)).toBeLessThan(2e-5)
    })
  })
})

describe('resampleLabels', () => {
  it('takes the nearest label, mirrors it, and fills the padding with the ignore label', () => {
    const labels = Uint8Array.from([1, 2, 3, 4])
    const values = new Int32Array(9)
    const window = { resizedWidth: 2, resizedHeight: 2, left: 0, top: 0, isFlipped: true }
    resampleLabels(labels, { width: 2, height: 2 }, window, { values, offset: 0, width: 3, height: 3 }, 99)
    expect(Array.from(values)).toEqual([99, 2, 1, 99, 4, 3, 99, 99, 99])
  })

  it('names the pixel whose area holds the centre when it makes the map smaller', () => {
    const labels = Uint8Array.from({ length: 6 }, (_, index) => index)
    const values = new Int32Array(2)
    const window = { resizedWidth: 2, resizedHeight: 1, left: 0, top: 0, isFlipped: false }
    resampleLabels(labels, { width: 6, height: 1 }, window, { values, offset: 0, width: 2, height: 1 }, 99)
    expect(Array.from(values)).toEqual([1, 4])
  })
})
