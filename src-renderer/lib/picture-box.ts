import type { PictureBox } from '../../src-main/contract/index.ts'

/** '40, 10, 120, 300': x, y, width, height in pixels, as `scalenas predict --box` takes it. */
export function boxText(box: PictureBox): string {
  return box.map((value) => String(Math.round(value))).join(', ')
}

/** Null for what is no box: four numbers, width and height above 0. */
export function parseBoxText(text: string): PictureBox | null {
  const parts = text.split(',').map((part) => part.trim())
  const [x, y, width, height] = parts.map(Number)
  const isBox = parts.length === 4 && parts.every((part) => part !== '' && Number.isFinite(Number(part)))
  return isBox && (width ?? 0) > 0 && (height ?? 0) > 0 ? [x ?? 0, y ?? 0, width ?? 0, height ?? 0] : null
}

interface Point {
  readonly x: number
  readonly y: number
}

/** Shares of the picture, so that a click or a trembling hand draws nothing. */
const LEAST_SIDE = 0.01

/**
 * The box between two points of a drag.
 *
 * @param from, to - Shares of the picture; outside of 0..1 they count as its edge.
 * @returns Whole pixels of a picture of this size; null if the drag is no box.
 */
export function boxBetween(
  from: Point,
  to: Point,
  size: { width: number; height: number },
): PictureBox | null {
  const clamp = (value: number): number => Math.min(1, Math.max(0, value))
  const [x0, x1] = [clamp(Math.min(from.x, to.x)), clamp(Math.max(from.x, to.x))]
  const [y0, y1] = [clamp(Math.min(from.y, to.y)), clamp(Math.max(from.y, to.y))]
  if (x1 - x0 < LEAST_SIDE || y1 - y0 < LEAST_SIDE) {
    return null
  }
  const [left, top] = [Math.round(x0 * size.width), Math.round(y0 * size.height)]
  return [
    left,
    top,
    Math.max(1, Math.round(x1 * size.width) - left),
    Math.max(1, Math.round(y1 * size.height) - top),
  ]
}
