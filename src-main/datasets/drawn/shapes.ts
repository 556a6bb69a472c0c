/** A region of the plane; pixel (x, y) is a unit square around its integer coordinates. */
export interface Shape {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  /** Share of the pixel that is covered, 0..1, from the distance to the edge: exact for straight edges along the axes. */
  coverage(x: number, y: number): number
}

export type Point = readonly [x: number, y: number]

/** A thick line with round ends whose radius runs from one end's to the other's. */
export function capsule(from: Point, to: Point, radiusFrom: number, radiusTo = radiusFrom): Shape {
  const [x0, y0] = from
  const dx = to[0] - x0
  const dy = to[1] - y0
  const squared = dx * dx + dy * dy
  const widest = Math.max(radiusFrom, radiusTo) + 1
  return {
    left: Math.min(x0, to[0]) - widest,
    top: Math.min(y0, to[1]) - widest,
    right: Math.max(x0, to[0]) + widest,
    bottom: Math.max(y0, to[1]) + widest,
    coverage: (x, y) => {
      const along = squared === 0 ? 0 : clampUnit(((x - x0) * dx + (y - y0) * dy) / squared)
      const offX = x - x0 - along * dx
      const offY = y - y0 - along * dy
      const radius = radiusFrom + along * (radiusTo - radiusFrom)
      return coverAt(radius - Math.sqrt(offX * offX + offY * offY), radius)
    },
  }
}

/** An ellipse with its first axis turned by `angle` radians. */
export function ellipse(centre: Point, radiusX: number, radiusY: number, angle = 0): Shape {
  const cosine = Math.cos(angle)
  const sine = Math.sin(angle)
  const reach = Math.max(radiusX, radiusY) + 1
  const smaller = Math.min(radiusX, radiusY)
  return {
    left: centre[0] - reach,
    top: centre[1] - reach,
    right: centre[0] + reach,
    bottom: centre[1] + reach,
    coverage: (x, y) => {
      const dx = x - centre[0]
      const dy = y - centre[1]
      const u = (dx * cosine + dy * sine) / radiusX
      const v = (dy * cosine - dx * sine) / radiusY
      return coverAt((1 - Math.sqrt(u * u + v * v)) * smaller, smaller)
    },
  }
}

/** The edge of a circle, `width` pixels wide. */
export function ring(centre: Point, radius: number, width: number): Shape {
  const reach = radius + width / 2 + 1
  return {
    left: centre[0] - reach,
    top: centre[1] - reach,
    right: centre[0] + reach,
    bottom: centre[1] + reach,
    coverage: (x, y) => {
      const off = Math.abs(Math.hypot(x - centre[0], y - centre[1]) - radius)
      return coverAt(width / 2 - off, width / 2)
    },
  }
}

/** A convex polygon; corners in either order. */
export function convexPolygon(corners: readonly Point[]): Shape {
  const edges = edgeLines(corners)
  const xs = corners.map(([x]) => x)
  const ys = corners.map(([, y]) => y)
  return {
    left: Math.min(...xs) - 1,
    top: Math.min(...ys) - 1,
    right: Math.max(...xs) + 1,
    bottom: Math.max(...ys) + 1,
    coverage: (x, y) => {
      let inside = Infinity
      for (let at = 0; at < edges.length; at += 3) {
        const distance = (edges[at] ?? 0) * x + (edges[at + 1] ?? 0) * y + (edges[at + 2] ?? 0)
        inside = distance < inside ? distance : inside
        if (inside <= -0.5) {
          return 0
        }
      }
      return clampUnit(inside + 0.5)
    },
  }
}

/** Upright rectangle from corner to corner. */
export function rectangle(left: number, top: number, right: number, bottom: number): Shape {
  return convexPolygon([
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ])
}

/** Three numbers an edge: inward unit normal and offset, so that n . p + offset is the signed distance inwards. */
function edgeLines(corners: readonly Point[]): Float64Array {
  let doubledArea = 0
  corners.forEach(([x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % corners.length] ?? [x, y]
    doubledArea += x * nextY - nextX * y
  })
  const orientation = doubledArea < 0 ? -1 : 1
  const lines: number[] = []
  corners.forEach(([x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % corners.length] ?? [x, y]
    const length = Math.hypot(nextX - x, nextY - y)
    if (length > 0) {
      const normalX = (-(nextY - y) / length) * orientation
      const normalY = ((nextX - x) / length) * orientation
      lines.push(normalX, normalY, -(normalX * x + normalY * y))
    }
  })
  return Float64Array.from(lines)
}

/** A disc thinner than a pixel never covers it whole, so that thin limbs fade instead of growing. */
function coverAt(distanceInside: number, radius: number): number {
  return clampUnit(distanceInside + 0.5) * Math.min(1, 2 * radius)
}

function clampUnit(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value
}
