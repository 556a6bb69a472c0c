import { tagAt, type JointMaps } from './joint-maps.ts'

/** A place where a joint may be. */
export interface Peak {
  readonly x: number
  readonly y: number
  /** Heat there. */
  readonly value: number
  /** [T] */
  readonly tag: readonly number[]
}

export interface PeakOptions {
  /** At most this many per joint. */
  readonly most: number
  /** Only those of higher heat. */
  readonly threshold: number
}

/** Half of the 5 × 5 window in which a peak is the largest value. */
const REACH = 2

/**
 * The largest local maxima of each joint's map (method.md 9.5, nms and top-k): pixels equal to their 5 × 5 maximum, so that of a
 * plateau every pixel is one.
 *
 * @returns Per joint, by falling value; equal ones from the top left.
 */
export function findPeaks(maps: JointMaps, { most, threshold }: PeakOptions): readonly (readonly Peak[])[] {
  return Array.from({ length: maps.joints }, (_, joint) => {
    const found: { readonly x: number; readonly y: number; readonly value: number }[] = []
    for (let y = 0; y < maps.height; y++) {
      for (let x = 0; x < maps.width; x++) {
        const value = maps.heat[(joint * maps.height + y) * maps.width + x] ?? Number.NaN
        if (value > threshold && isLargestAround(maps, joint, x, y, value)) {
          found.push({ x, y, value })
        }
      }
    }
    return found
      .toSorted((a, b) => b.value - a.value)
      .slice(0, most)
      .map((peak) => ({ ...peak, tag: tagAt(maps, joint, peak.x, peak.y) }))
  })
}

function isLargestAround(
  { height, width, heat }: JointMaps,
  joint: number,
  x: number,
  y: number,
  value: number,
): boolean {
  const lastRow = Math.min(height - 1, y + REACH)
  const lastColumn = Math.min(width - 1, x + REACH)
  for (let row = Math.max(0, y - REACH); row <= lastRow; row++) {
    const line = (joint * height + row) * width
    for (let column = Math.max(0, x - REACH); column <= lastColumn; column++) {
      if ((heat[line + column] ?? 0) > value) {
        return false
      }
    }
  }
  return true
}
