import type { RgbImage } from '../dataset.ts'
import type { Paint } from './paint.ts'
import type { Shape } from './shapes.ts'

/** A picture being drawn: linear 0..255 values that may leave the range until the end, and a label per pixel. */
export interface Canvas {
  readonly width: number
  readonly height: number
  /** [height, width, 3] */
  readonly values: Float32Array
  /** [height, width] */
  readonly labels: Uint8Array
}

export interface PaintedShape {
  readonly shape: Shape
  readonly paint: Paint
  /** Written where the shape covers at least half of a pixel; null keeps the label below. */
  readonly label: number | null
}

export function createCanvas(width: number, height: number): Canvas {
  return {
    width,
    height,
    values: new Float32Array(width * height * 3),
    labels: new Uint8Array(width * height),
  }
}

/** Covers the whole canvas. */
export function paintAll(canvas: Canvas, paint: Paint, label: number | null): void {
  const bounds = { left: -1, top: -1, right: canvas.width, bottom: canvas.height }
  paintShape(canvas, { shape: { ...bounds, coverage: () => 1 }, paint, label })
}

/** Draws one shape over what is there, its edge blended by coverage. */
export function paintShape(canvas: Canvas, { shape, paint, label }: PaintedShape): void {
  const { width, height, values, labels } = canvas
  const firstColumn = Math.max(0, Math.floor(shape.left))
  const lastColumn = Math.min(width - 1, Math.ceil(shape.right))
  const firstRow = Math.max(0, Math.floor(shape.top))
  const lastRow = Math.min(height - 1, Math.ceil(shape.bottom))
  const color = new Float32Array(3)
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const coverage = shape.coverage(column, row)
      if (coverage <= 0) {
        continue
      }
      paint(column, row, color)
      const pixel = row * width + column
      for (let channel = 0; channel < 3; channel++) {
        const below = values[pixel * 3 + channel] ?? 0
        values[pixel * 3 + channel] = below + coverage * ((color[channel] ?? 0) - below)
      }
      if (label !== null && coverage >= 0.5) {
        labels[pixel] = label
      }
    }
  }
}

/** Rounds and clips to 8 bits. */
export function toRgbImage(canvas: Canvas): RgbImage {
  const data = new Uint8ClampedArray(canvas.values.length)
  data.set(canvas.values)
  return { width: canvas.width, height: canvas.height, data: new Uint8Array(data.buffer) }
}
