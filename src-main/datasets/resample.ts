import type { RgbImage } from './dataset.ts'
import { CHANNEL_OFFSETS, CHANNEL_SCALES, type WarpTarget } from './warp.ts'

/** A window of a resized and perhaps mirrored picture. */
export interface ResizeWindow {
  /** Size of the whole resized picture in pixels. */
  readonly resizedWidth: number
  readonly resizedHeight: number
  /** Top left corner of the window in it. */
  readonly left: number
  readonly top: number
  readonly isFlipped: boolean
}

/**
 * Resizes bilinearly (half-pixel centres, clamped at the border) and normalises one window; what lies beyond the resized
 * picture is black. Where the picture shrinks to less than half, each pixel is the mean of several bilinear samples spread over its own area,
 * else thin things would appear and vanish with their position.
 */
export function resampleNormalized(image: RgbImage, window: ResizeWindow, target: WarpTarget): void {
  const filledWidth = Math.max(0, Math.min(target.width, window.resizedWidth - window.left))
  const filledHeight = Math.max(0, Math.min(target.height, window.resizedHeight - window.top))
  const columns = axisWeights(image.width, window.resizedWidth, window.left, filledWidth)
  const rows = axisWeights(image.height, window.resizedHeight, window.top, filledHeight)
  fillBlack(target)
  const narrow = shrinkColumns(image, columns, rows)
  const sums = new Float32Array(filledWidth * 3)
  for (let row = 0; row < filledHeight; row++) {
    sums.fill(0)
    for (let tap = 0; tap < rows.span; tap++) {
      const weight = rows.weights[row * rows.span + tap] ?? 0
      const from = ((rows.first[row] ?? 0) + tap - narrow.firstRow) * filledWidth * 3
      for (let at = 0; weight !== 0 && at < sums.length; at++) {
        sums[at] = (sums[at] ?? 0) + weight * (narrow.values[from + at] ?? 0)
      }
    }
    writeRow(sums, target, row, window.isFlipped)
  }
}

/** Labels of the same window by the nearest pixel; beyond the picture the ignore label. Shape [height, width]. */
export function resampleLabels(
  labels: Uint8Array,
  size: { readonly width: number; readonly height: number },
  window: ResizeWindow,
  target: {
    readonly values: Int32Array
    readonly offset: number
    readonly width: number
    readonly height: number
  },
  ignoreLabel: number,
): void {
  const stepX = size.width / window.resizedWidth
  const stepY = size.height / window.resizedHeight
  for (let row = 0; row < target.height; row++) {
    const resizedY = row + window.top
    const y = Math.floor((resizedY + 0.5) * stepY)
    for (let column = 0; column < target.width; column++) {
      const toColumn = window.isFlipped ? target.width - 1 - column : column
      const resizedX = column + window.left
      const isInside = resizedX < window.resizedWidth && resizedY < window.resizedHeight
      const x = Math.floor((resizedX + 0.5) * stepX)
      const label = isInside ? (labels[y * size.width + x] ?? ignoreLabel) : ignoreLabel
      target.values[target.offset + row * target.width + toColumn] = label
    }
  }
}

/** Per output position the first source position it reads and the weights of `span` positions from there, sum 1. */
interface AxisWeights {
  readonly count: number
  readonly span: number
  readonly first: Int32Array
  /** [count, span] */
  readonly weights: Float32Array
}

/** More than four samples an axis change nothing one could see. */
const MOST_TAPS = 4
/** Down to half the size plain bilinear sampling leaves no pixel out, and is what method.md 5.6 and 6.3 say. */
const PLAIN_STEP = 2

function axisWeights(size: number, resized: number, start: number, count: number): AxisWeights {
  const step = size / resized
  const taps = step <= PLAIN_STEP + 1e-9 ? 1 : Math.min(MOST_TAPS, Math.ceil(step - 1e-9))
  const span = Math.min(size, Math.ceil(step) + 2)
  const first = new Int32Array(count)
  const weights = new Float32Array(count * span)
  for (let position = 0; position < count; position++) {
    const lowest = sourceOf(position, 0)
    first[position] = Math.min(Math.max(0, Math.floor(lowest)), size - span)
    for (let tap = 0; tap < taps; tap++) {
      const source = sourceOf(position, tap)
      const left = Math.floor(source)
      addWeight(position, left, (1 - (source - left)) / taps)
      addWeight(position, Math.min(size - 1, left + 1), (source - left) / taps)
    }
  }
  return { count, span, first, weights }

  function sourceOf(position: number, tap: number): number {
    const source = (position + start + (tap + 0.5) / taps) * step - 0.5
    return Math.min(size - 1, Math.max(0, source))
  }
  function addWeight(position: number, source: number, weight: number): void {
    const at = position * span + source - (first[position] ?? 0)
    weights[at] = (weights[at] ?? 0) + weight
  }
}

interface NarrowImage {
  /** Source row of the first row of `values`. */
  readonly firstRow: number
  /** [rows, columns.count, 3] */
  readonly values: Float32Array
}

/** The horizontal half: every source row that the window reads, with as many columns as the window. */
function shrinkColumns(image: RgbImage, columns: AxisWeights, rows: AxisWeights): NarrowImage {
  const { count, span, first, weights } = columns
  const firstRow = rows.first[0] ?? 0
  const rowCount = rows.count === 0 ? 0 : (rows.first[rows.count - 1] ?? 0) + rows.span - firstRow
  const values = new Float32Array(rowCount * count * 3)
  let to = 0
  for (let row = 0; row < rowCount; row++) {
    for (let column = 0; column < count; column++) {
      let from = ((firstRow + row) * image.width + (first[column] ?? 0)) * 3
      let red = 0
      let green = 0
      let blue = 0
      for (let tap = 0; tap < span; tap++) {
        const weight = weights[column * span + tap] ?? 0
        red += weight * (image.data[from] ?? 0)
        green += weight * (image.data[from + 1] ?? 0)
        blue += weight * (image.data[from + 2] ?? 0)
        from += 3
      }
      values[to] = red
      values[to + 1] = green
      values[to + 2] = blue
      to += 3
    }
  }
  return { firstRow, values }
}

function writeRow(sums: Float32Array, target: WarpTarget, row: number, isFlipped: boolean): void {
  const start = target.offset + row * target.width * 3
  for (let at = 0; at < sums.length; at += 3) {
    const to = start + (isFlipped ? (target.width - 1) * 3 - at : at)
    for (let channel = 0; channel < 3; channel++) {
      target.values[to + channel] =
        (sums[at + channel] ?? 0) * (CHANNEL_SCALES[channel] ?? 0) + (CHANNEL_OFFSETS[channel] ?? 0)
    }
  }
}

function fillBlack({ values, offset, width, height }: WarpTarget): void {
  const end = offset + width * height * 3
  for (let at = offset; at < end; at += 3) {
    values[at] = CHANNEL_OFFSETS[0]
    values[at + 1] = CHANNEL_OFFSETS[1]
    values[at + 2] = CHANNEL_OFFSETS[2]
  }
}
