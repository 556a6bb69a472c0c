import { describe, expect, it } from 'vitest'
import { resampleLabels, resampleNormalized } from '../../../src-main/datasets/resample.ts'
import { sampleRandom } from '../../../src-main/datasets/sample-random.ts'
import { drawSegmentationAugmentation, planWindow } from '../../../src-main/datasets/segmentation-batch.ts'
import { makeRunConfig } from './made-run-config.ts'

// method.md 5.6, written as independent loops: f, long side, padding, crop, mirror; image bilinear, labels nearest.

const config = makeRunConfig().segmentation
const NETWORK = { inputHeight: 1024, inputWidth: 2048 }
const CROP = { inputHeight: 512, inputWidth: 1024 }

describe('segmentation augmentation', () => {
  it('draws the 17 factors of the published code, every crop position and both mirrors', () => {
    const random = sampleRandom('rule', 1)
    const draws = Array.from({ length: 4000 }, () => drawSegmentationAugmentation(random, config))
    const factors = new Set(draws.map(({ factor }) => factor.toFixed(1)))
    const published = Array.from({ length: 17 }, (_, step) => (0.5 + step / 10).toFixed(1))
    expect([...factors].toSorted((a, b) => Number(a) - Number(b))).toEqual(published)
    // 4,000 fair coins: five standard deviations are 158.
    expect(Math.abs(draws.filter(({ isFlipped }) => isFlipped).length - 2000)).toBeLessThan(158)
  })

  it.each([
    [2048, 1024],
    [1024, 2048],
    [1919, 1079],
  ])(
    'resizes %i x %i so that the long side is floor(long * f + 0.5), the short one in proportion',
    (width, height) => {
      const input = width >= height ? NETWORK : { inputHeight: 2048, inputWidth: 1024 }
      const fit = Math.min(input.inputWidth / width, input.inputHeight / height)
      for (let step = 0; step <= 16; step++) {
        const factor = 0.5 + step / 10
        const window = planWindow(
          { width, height },
          input,
          { factor, shiftX: 0, shiftY: 0, isFlipped: false },
          CROP,
        )
        const long = Math.floor(Math.max(width, height) * fit * factor + 0.5)
        const short = Math.floor((Math.min(width, height) * long) / Math.max(width, height) + 0.5)
        expect([window.resizedWidth, window.resizedHeight]).toEqual(
          width >= height ? [long, short] : [short, long],
        )
      }
    },
  )

  it('crops inside the resized picture and from its corner where it is smaller than the crop', () => {
    for (const [factor, shift] of [
      [0.5, 0.99],
      [1, 0],
      [1, 0.9999],
      [2.1, 0.5],
    ] as const) {
      const window = planWindow(
        { width: 2048, height: 1024 },
        NETWORK,
        { factor, shiftX: shift, shiftY: shift, isFlipped: false },
        CROP,
      )
      expect(window.left).toBe(Math.floor(shift * (Math.max(0, window.resizedWidth - 1024) + 1)))
      expect(window.left + 1024).toBeLessThanOrEqual(Math.max(1024, window.resizedWidth))
      expect(window.top + 512).toBeLessThanOrEqual(Math.max(512, window.resizedHeight))
    }
  })

  it.each([0.5, 0.8, 1.3, 2.1])('samples bilinearly, pads black and 255, then mirrors (f = %d)', (factor) => {
    const [width, height] = [22, 15]
    const random = sampleRandom('picture', 1)
    const data = Uint8Array.from({ length: width * height * 3 }, () => random.int(256))
    const labels = Uint8Array.from({ length: width * height }, () => random.int(5))
    const crop = { inputHeight: 14, inputWidth: 18 }
    const window = planWindow(
      { width, height },
      { inputHeight: height, inputWidth: width },
      { factor, shiftX: 0.4, shiftY: 0.7, isFlipped: true },
      crop,
    )
    const input = new Float32Array(14 * 18 * 3)
    const target = new Int32Array(14 * 18)
    resampleNormalized({ width, height, data }, window, { values: input, offset: 0, width: 18, height: 14 })
    resampleLabels(
      labels,
      { width, height },
      window,
      { values: target, offset: 0, width: 18, height: 14 },
      255,
    )
    const mean = [0.485, 0.456, 0.406]
    const deviation = [0.229, 0.224, 0.225]
    const axis = (at: number, size: number, resized: number) => {
      const source = Math.min(size - 1, Math.max(0, ((at + 0.5) * size) / resized - 0.5))
      const low = Math.floor(source)
      return { low, high: Math.min(size - 1, low + 1), part: source - low }
    }
    for (let row = 0; row < 14; row++) {
      for (let column = 0; column < 18; column++) {
        const [u, v] = [column + window.left, row + window.top]
        const to = row * 18 + (17 - column)
        const isInside = u < window.resizedWidth && v < window.resizedHeight
        const x = axis(u, width, window.resizedWidth)
        const y = axis(v, height, window.resizedHeight)
        for (let channel = 0; channel < 3; channel++) {
          const at = (px: number, py: number) => data[(py * width + px) * 3 + channel] ?? NaN
          const value = isInside
            ? (1 - y.part) * ((1 - x.part) * at(x.low, y.low) + x.part * at(x.high, y.low)) +
              y.part * ((1 - x.part) * at(x.low, y.high) + x.part * at(x.high, y.high))
            : 0
          const expected = (value / 255 - (mean[channel] ?? NaN)) / (deviation[channel] ?? NaN)
          // float32 sums of at most 255 against float64.
          expect(Math.abs((input[to * 3 + channel] ?? NaN) - expected)).toBeLessThan(2e-6)
        }
        const nearest =
          labels[
            Math.floor(((v + 0.5) * height) / window.resizedHeight) * width +
              Math.floor(((u + 0.5) * width) / window.resizedWidth)
          ]
        expect(target[to]).toBe(isInside ? nearest : 255)
      }
    }
  })
})
