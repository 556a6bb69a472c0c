import type { PlottedCurve } from './loss-plot.ts'

export interface CurveReading {
  readonly turn: number
  readonly label: string
  readonly value: number
  /** In axis units. */
  readonly y: number
}

/**
 * What the smoothed curves say at a place of the horizontal axis: the `count` that are closest to a height, highest first.
 *
 * @param at - Axis units.
 */
export function readingsAt(
  curves: readonly PlottedCurve[],
  at: { readonly x: number; readonly y: number },
  count: number,
): readonly CurveReading[] {
  return curves
    .flatMap((curve): CurveReading[] => {
      const xs = curve.smooth.map((point) => point.x)
      const point = curve.smooth[nearestIndex(xs, at.x)]
      return point === undefined
        ? []
        : [{ turn: curve.turn, label: curve.label, value: point.value, y: point.y }]
    })
    .toSorted((a, b) => Math.abs(a.y - at.y) - Math.abs(b.y - at.y))
    .slice(0, count)
    .toSorted((a, b) => b.value - a.value)
}

/** Last values of the curves that carry a label, with places that do not overlap. Pixels; highest first. */
export function endLabels<T extends { readonly y: number }>(labels: readonly T[], gap: number): readonly T[] {
  const sorted = labels.toSorted((a, b) => a.y - b.y)
  const placed: T[] = []
  for (const label of sorted) {
    const before = placed.at(-1)
    const y = before === undefined ? label.y : Math.max(label.y, before.y + gap)
    placed.push({ ...label, y })
  }
  return placed
}

/** Index of the value closest to x among ascending values; 0 for none. */
export function nearestIndex(values: readonly number[], x: number): number {
  const after = values.findIndex((value) => value >= x)
  if (after === -1) {
    return Math.max(0, values.length - 1)
  }
  const left = values[after - 1]
  const right = values[after]
  return left !== undefined && right !== undefined && x - left < right - x ? after - 1 : after
}
