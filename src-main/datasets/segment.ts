/** Pixels of somebody in a stored picture; plain data. */
export type Segment = Polygons | Runs

export interface Polygons {
  readonly kind: 'polygons'
  /** Each x0, y0, x1, y1, … in pixels, closed from the last corner to the first. */
  readonly outlines: readonly Float64Array[]
}

export interface Runs {
  readonly kind: 'runs'
  readonly width: number
  readonly height: number
  /** Lengths of runs of outside and inside in turn, column by column. */
  readonly lengths: Uint32Array
}

/**
 * Sets the pixels of a segment to `value`.
 *
 * @param mask - [height * width], row by row.
 * @throws RangeError if runs are of another size.
 */
export function paintSegment(
  mask: Uint8Array,
  size: { readonly width: number; readonly height: number },
  segment: Segment,
  value: number,
): void {
  const { width, height } = size
  const paint = (from: number, to: number): void => {
    for (let at = from; at < to; at++) {
      mask[(at % height) * width + Math.floor(at / height)] = value
    }
  }
  if (segment.kind === 'polygons') {
    for (const outline of segment.outlines) {
      betweenBorders(bordersOf(outline, size), paint)
    }
    return
  }
  if (segment.width !== width || segment.height !== height) {
    throw new RangeError(
      `a segment of ${String(segment.width)} x ${String(segment.height)} pixels in a picture of ${String(width)} x ${String(height)}`,
    )
  }
  let at = 0
  for (const [index, length] of segment.lengths.entries()) {
    const end = Math.min(at + length, width * height)
    if (index % 2 === 1) {
      paint(at, end)
    }
    at = end
  }
}

function betweenBorders(borders: Float64Array, paint: (from: number, to: number) => void): void {
  // An odd one out runs to the end of the picture.
  for (let i = 0; i < borders.length; i += 2) {
    paint(borders[i] ?? 0, borders[i + 1] ?? 0)
  }
}

/** Outlines are walked on a grid this many times finer. */
const FINENESS = 5

/**
 * Where a column-by-column walk through the picture enters and leaves a polygon, to the pixel as pycocotools does it (`rleFrPoly`).
 *
 * @returns Sorted positions x · height + y, the number of pixels last if their number would be odd.
 */
function bordersOf(
  outline: Float64Array,
  { width, height }: { readonly width: number; readonly height: number },
): Float64Array {
  const points = walkOutline(outline)
  const borders: number[] = []
  for (let i = 1; i < points.length; i++) {
    const [u, v] = points[i] ?? [0, 0]
    const [lastU, lastV] = points[i - 1] ?? [0, 0]
    if (u === lastU) {
      continue
    }
    const column = ((u < lastU ? u : u - 1) + 0.5) / FINENESS - 0.5
    if (!Number.isInteger(column) || column < 0 || column > width - 1) {
      continue
    }
    const row = (Math.min(v, lastV) + 0.5) / FINENESS - 0.5
    borders.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)))
  }
  if (borders.length % 2 === 1) {
    borders.push(width * height)
  }
  return Float64Array.from(borders).toSorted()
}

/** Every grid point along the outline, edge by edge. */
function walkOutline(outline: Float64Array): (readonly [u: number, v: number])[] {
  const count = Math.floor(outline.length / 2)
  const corner = (index: number): readonly [number, number] => {
    const at = (index % count) * 2
    return [
      Math.trunc(FINENESS * (outline[at] ?? 0) + 0.5),
      Math.trunc(FINENESS * (outline[at + 1] ?? 0) + 0.5),
    ]
  }
  return Array.from({ length: count }, (_, index) => walkEdge(corner(index), corner(index + 1))).flat()
}

function walkEdge(
  start: readonly [number, number],
  end: readonly [number, number],
): (readonly [u: number, v: number])[] {
  const across = Math.abs(end[0] - start[0])
  const down = Math.abs(end[1] - start[1])
  const isFlat = across >= down
  const isTurned = isFlat ? start[0] > end[0] : start[1] > end[1]
  const [from, to] = isTurned ? [end, start] : [start, end]
  const steps = isFlat ? across : down
  const slope = steps === 0 ? 0 : (isFlat ? to[1] - from[1] : to[0] - from[0]) / steps
  return Array.from({ length: steps + 1 }, (_, step) => {
    const t = isTurned ? steps - step : step
    return isFlat
      ? ([t + from[0], Math.trunc(from[1] + slope * t + 0.5)] as const)
      : ([Math.trunc(from[0] + slope * t + 0.5), t + from[1]] as const)
  })
}
