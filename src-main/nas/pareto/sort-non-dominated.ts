import { elementAt } from '../element-at.ts'

/** A point in objective space, oriented so that smaller is better on every axis; any number of axes. */
export type MinimizedVector = readonly number[]

/** Whether `a` is no worse than `b` on every axis and better on one. Smaller is better. */
export function dominates(a: MinimizedVector, b: MinimizedVector): boolean {
  let isBetter = false
  for (const [axis, value] of a.entries()) {
    const other = elementAt(b, axis, 'axes of a dominance comparison')
    if (value > other) {
      return false
    }
    isBetter ||= value < other
  }
  return isBetter
}

/**
 * Fronts peeled one after another: front 0 holds the indices of the points that none dominates, front 1 those that remain
 * undominated without front 0, and so on. Indices ascend within a front.
 *
 * @param points - P points, shape [P, D], all finite.
 * @throws RangeError if a coordinate is not finite: a NaN would neither dominate nor be dominated.
 *
 * Cost: O(D P^2). Source: fast non-dominated sort of Deb et al., NSGA-II (2002).
 */
export function sortNonDominated(points: readonly MinimizedVector[]): number[][] {
  for (const point of points) {
    if (!point.every(Number.isFinite)) {
      throw new RangeError(`sortNonDominated: coordinates must be finite, got [${point.join(', ')}]`)
    }
  }
  const fronts: number[][] = []
  let remaining = points.map((_, index) => index)
  while (remaining.length > 0) {
    const candidates = remaining
    const front = candidates.filter(
      (index) =>
        !candidates.some((other) =>
          dominates(elementAt(points, other, 'points'), elementAt(points, index, 'points')),
        ),
    )
    const taken = new Set(front)
    fronts.push(front)
    remaining = candidates.filter((index) => !taken.has(index))
  }
  return fronts
}

/**
 * Room around each point of one front: the sum over axes of the distance between its two neighbours, in units of the axis range.
 * The ends of an axis get Infinity; an axis without extent adds nothing.
 *
 * @param front - P points, shape [P, D], all finite.
 * @returns Shape [P], in the order of the points.
 *
 * Source: Deb et al., NSGA-II (2002).
 */
export function crowdingDistance(front: readonly MinimizedVector[]): number[] {
  const distances = new Array<number>(front.length).fill(0)
  const axes = front[0]?.length ?? 0
  for (let axis = 0; axis < axes; axis += 1) {
    const coordinate = (index: number): number =>
      elementAt(elementAt(front, index, 'points'), axis, 'axes of a point')
    const order = front.map((_, index) => index).toSorted((a, b) => coordinate(a) - coordinate(b))
    const first = elementAt(order, 0, 'order')
    const last = elementAt(order, order.length - 1, 'order')
    const range = coordinate(last) - coordinate(first)
    for (const [position, index] of order.entries()) {
      const below = order[position - 1]
      const above = order[position + 1]
      if (below === undefined || above === undefined) {
        distances[index] = Infinity
      } else if (range > 0) {
        distances[index] = (distances[index] ?? 0) + (coordinate(above) - coordinate(below)) / range
      }
    }
  }
  return distances
}
