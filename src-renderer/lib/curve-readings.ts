import type { XAxisKind } from './loss-chart-option.ts'
import { curveX } from './loss-chart-option.ts'
import { smoothValues } from './smooth-values.ts'
import { spreadEvenly } from './spread-evenly.ts'
import type { TurnCurve } from './training-curves.ts'

export interface CurveReading {
  readonly turn: number
  readonly label: string
  readonly value: number
}

/**
 * What the smoothed curves say at a place of the axis, highest first. Where there are more than `count` curves, an even choice
 * that keeps the highest and the lowest.
 */
export function readingsAt(
  curves: readonly TurnCurve[],
  x: number,
  xAxis: XAxisKind,
  smoothing: number,
  count: number,
): readonly CurveReading[] {
  const readings = curves.flatMap((curve): CurveReading[] => {
    const index = nearestIndex(
      curve.points.map((point) => curveX(point, xAxis)),
      x,
    )
    const values = smoothValues(
      curve.points.map((point) => point.value),
      smoothing,
    )
    const value = values[index]
    return value === undefined ? [] : [{ turn: curve.turn, label: curve.label, value }]
  })
  return spreadEvenly(
    readings.toSorted((a, b) => b.value - a.value),
    count,
  )
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
