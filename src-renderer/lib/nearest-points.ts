export interface PixelPoint {
  readonly x: number
  readonly y: number
}

export interface NearPoint<P> {
  readonly point: P
  readonly distance: number
}

/**
 * The points closest to a position, nearest first.
 *
 * @param points - In pixels, any order; points at the same distance keep their order.
 * @param maxDistance - Pixels; farther points are left out.
 */
export function nearestPoints<P extends PixelPoint>(
  points: readonly P[],
  position: PixelPoint,
  count: number,
  maxDistance: number,
): readonly NearPoint<P>[] {
  return points
    .map((point) => ({ point, distance: Math.hypot(point.x - position.x, point.y - position.y) }))
    .filter((near) => near.distance <= maxDistance)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, count)
}
