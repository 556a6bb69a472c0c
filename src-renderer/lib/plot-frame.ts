import type { Extent } from './padded-extent.ts'

/** A plot area inside a picture: the axes' ranges and the room around them in pixels. Both axes are linear. */
export interface PlotFrame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly x: Extent
  readonly y: Extent
}

export interface Position {
  readonly x: number
  readonly y: number
}

/** Where a value stands, in pixels from the top left corner of the picture. */
export function toPixel(frame: PlotFrame, value: Position): Position {
  return {
    x: frame.left + share(frame.x, value.x) * (frame.width - frame.left - frame.right),
    y: frame.height - frame.bottom - share(frame.y, value.y) * (frame.height - frame.top - frame.bottom),
  }
}

/** The inverse of {@link toPixel}. */
export function toValue(frame: PlotFrame, pixel: Position): Position {
  const across = (pixel.x - frame.left) / (frame.width - frame.left - frame.right)
  const up = (frame.height - frame.bottom - pixel.y) / (frame.height - frame.top - frame.bottom)
  return {
    x: frame.x[0] + across * (frame.x[1] - frame.x[0]),
    y: frame.y[0] + up * (frame.y[1] - frame.y[0]),
  }
}

export function isInside(frame: PlotFrame, pixel: Position): boolean {
  return (
    pixel.x >= frame.left - 1 &&
    pixel.x <= frame.width - frame.right + 1 &&
    pixel.y >= frame.top - 1 &&
    pixel.y <= frame.height - frame.bottom + 1
  )
}

function share([low, high]: Extent, value: number): number {
  return (value - low) / (high - low)
}
