/** What a chart of accuracy against cost needs of a candidate. */
export interface ParetoPoint {
  /** Multiply-adds; smaller is better. */
  readonly macs: number
  /** Larger is better; null or NaN while there is no score. */
  readonly accuracy: number | null
}

/**
 * The points that none dominates (fewer or equal MACs and higher or equal accuracy, one of them strictly), by ascending MACs.
 * Points equal in both stay together, in their given order; points without a finite accuracy never enter.
 *
 * Cost: O(P log P).
 */
export function paretoFront<Point extends ParetoPoint>(points: readonly Point[]): Point[] {
  const sorted = points.filter(isScored).toSorted((a, b) => a.macs - b.macs || b.accuracy - a.accuracy)
  const front: (Point & { readonly accuracy: number })[] = []
  for (const point of sorted) {
    const last = front.at(-1)
    const isTwin = last?.macs === point.macs && last.accuracy === point.accuracy
    if (last === undefined || point.accuracy > last.accuracy || isTwin) {
      front.push(point)
    }
  }
  return front
}

/** Whether a point has what it takes to be compared: finite cost and accuracy. */
export function isScored<Point extends ParetoPoint>(
  point: Point,
): point is Point & { readonly accuracy: number } {
  return Number.isFinite(point.macs) && point.accuracy !== null && Number.isFinite(point.accuracy)
}
