import type { Affine } from '../vision/affine.ts'
import type { RgbImage } from './dataset.ts'

/** Mean and deviation of ImageNet in RGB, of values in 0..1 (method.md 2.1). */
export const CHANNEL_MEAN = [0.485, 0.456, 0.406] as const
export const CHANNEL_DEVIATION = [0.229, 0.224, 0.225] as const

/** value * scale + offset = (value / 255 - mean) / deviation. */
export const CHANNEL_SCALES = CHANNEL_DEVIATION.map((deviation) => 1 / (255 * deviation)) as [
  number,
  number,
  number,
]
export const CHANNEL_OFFSETS = CHANNEL_MEAN.map(
  (mean, channel) => -mean / (CHANNEL_DEVIATION[channel] ?? 1),
) as [number, number, number]

export interface WarpTarget {
  /** Filled with [height, width, 3] from `offset` on. */
  readonly values: Float32Array
  readonly offset: number
  readonly width: number
  readonly height: number
}

/**
 * Samples a picture bilinearly at the integer pixels of the target and normalises: (value / 255 - mean) / deviation. What
 * lies outside the picture is black before normalising, as in cv2.warpAffine.
 *
 * @param toSource - Maps target pixels to source pixels, both named by their centres.
 */
export function warpNormalized(image: RgbImage, toSource: Affine, target: WarpTarget): void {
  const [a, b, c, d, e, f] = toSource
  const { values, width, height } = target
  const lastX = image.width - 1
  const lastY = image.height - 1
  let position = target.offset
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = a * column + b * row + c
      const y = d * column + e * row + f
      if (x >= 0 && y >= 0 && x < lastX && y < lastY) {
        sampleInside(image, x, y, values, position)
      } else {
        sampleWithBlackBorder(image, x, y, values, position)
      }
      position += 3
    }
  }
}

const [RED_SCALE, GREEN_SCALE, BLUE_SCALE] = CHANNEL_SCALES
const [RED_OFFSET, GREEN_OFFSET, BLUE_OFFSET] = CHANNEL_OFFSETS

/** All four taps lie in the picture: the same sums as {@link sampleWithBlackBorder} without its tests. */
function sampleInside(
  { width, data }: RgbImage,
  x: number,
  y: number,
  values: Float32Array,
  position: number,
): void {
  const left = Math.floor(x)
  const top = Math.floor(y)
  const right = x - left
  const down = y - top
  const w00 = (1 - right) * (1 - down)
  const w01 = right * (1 - down)
  const w10 = (1 - right) * down
  const w11 = right * down
  const at = (top * width + left) * 3
  const below = at + width * 3
  const red =
    w00 * (data[at] ?? 0) +
    w01 * (data[at + 3] ?? 0) +
    w10 * (data[below] ?? 0) +
    w11 * (data[below + 3] ?? 0)
  const green =
    w00 * (data[at + 1] ?? 0) +
    w01 * (data[at + 4] ?? 0) +
    w10 * (data[below + 1] ?? 0) +
    w11 * (data[below + 4] ?? 0)
  const blue =
    w00 * (data[at + 2] ?? 0) +
    w01 * (data[at + 5] ?? 0) +
    w10 * (data[below + 2] ?? 0) +
    w11 * (data[below + 5] ?? 0)
  values[position] = red * RED_SCALE + RED_OFFSET
  values[position + 1] = green * GREEN_SCALE + GREEN_OFFSET
  values[position + 2] = blue * BLUE_SCALE + BLUE_OFFSET
}

/** Taps outside the picture count as 0, each by itself, so the border fades over one pixel. */
function sampleWithBlackBorder(
  image: RgbImage,
  x: number,
  y: number,
  values: Float32Array,
  position: number,
): void {
  const { width, height, data } = image
  const left = Math.floor(x)
  const top = Math.floor(y)
  const right = x - left
  const down = y - top
  const hasLeft = left >= 0 && left < width
  const hasRight = left >= -1 && left < width - 1
  const hasTop = top >= 0 && top < height
  const hasBottom = top >= -1 && top < height - 1
  const w00 = hasTop && hasLeft ? (1 - right) * (1 - down) : 0
  const w01 = hasTop && hasRight ? right * (1 - down) : 0
  const w10 = hasBottom && hasLeft ? (1 - right) * down : 0
  const w11 = hasBottom && hasRight ? right * down : 0
  const at = (top * width + left) * 3
  const below = at + width * 3
  for (let channel = 0; channel < 3; channel++) {
    // Where a tap lies outside, its weight is 0 and the index may miss the array.
    const value =
      w00 * (data[at + channel] ?? 0) +
      w01 * (data[at + 3 + channel] ?? 0) +
      w10 * (data[below + channel] ?? 0) +
      w11 * (data[below + 3 + channel] ?? 0)
    values[position + channel] = value * (CHANNEL_SCALES[channel] ?? 0) + (CHANNEL_OFFSETS[channel] ?? 0)
  }
}
