import { logTicks } from './log-ticks.ts'
import { niceTicks } from './nice-ticks.ts'
import { paddedExtent } from './padded-extent.ts'
import type { Extent } from './padded-extent.ts'
import type { PlotFrame } from './plot-frame.ts'
import { smoothValues } from './smooth-values.ts'
import type { CurvePoint, TurnCurve } from './training-curves.ts'

export type XAxisKind = 'iteration' | 'epoch'

/** A line of the chart in axis units: the vertical one is log10 where the axis is logarithmic. */
export interface PlottedCurve {
  readonly turn: number
  readonly label: string
  readonly smooth: readonly PlottedPoint[]
  readonly raw: readonly PlottedPoint[]
  readonly overtaken: readonly PlottedPoint[]
}

export interface PlottedPoint {
  readonly x: number
  readonly y: number
  /** The loss itself. */
  readonly value: number
}

export interface LossPlot {
  readonly frame: PlotFrame
  readonly curves: readonly PlottedCurve[]
  /** Places of the vertical axis in axis units. */
  readonly ticks: readonly number[]
  readonly isLog: boolean
}

export interface LossPlotOptions {
  readonly curves: readonly TurnCurve[]
  readonly xAxis: XAxisKind
  readonly isLog: boolean
  readonly smoothing: number
  readonly width: number
  readonly height: number
}

const ROOM = { left: 56, right: 118, top: 16, bottom: 38 } as const

/** Everything that the loss chart and the marks above it share; null while there is nothing to draw. */
export function lossPlot(options: LossPlotOptions): LossPlot | null {
  const curves = options.curves.map((curve) => plottedCurve(curve, options))
  const shown = curves.flatMap((curve) => [...curve.smooth, ...curve.overtaken])
  const x = extentOf(shown.map((point) => point.x))
  const y = paddedExtent(shown.map((point) => point.y))
  if (x === null || y === null) {
    return null
  }
  const frame: PlotFrame = { ...ROOM, width: options.width, height: options.height, x, y }
  return { frame, curves, isLog: options.isLog, ticks: options.isLog ? logAxisTicks(y) : niceTicks(y).values }
}

export function curveX(point: CurvePoint, xAxis: XAxisKind): number {
  return xAxis === 'iteration' ? point.iteration : point.epoch
}

function plottedCurve(curve: TurnCurve, options: LossPlotOptions): PlottedCurve {
  const plot = (points: readonly CurvePoint[], factor: number): readonly PlottedPoint[] => {
    const values = smoothValues(
      points.map((point) => point.value),
      factor,
    )
    return points.flatMap((point, index) => {
      const value = values[index] ?? point.value
      // A loss of zero has no place on a logarithmic axis.
      return options.isLog && value <= 0
        ? []
        : [{ x: curveX(point, options.xAxis), y: options.isLog ? Math.log10(value) : value, value }]
    })
  }
  return {
    turn: curve.turn,
    label: curve.label,
    smooth: plot(curve.points, options.smoothing),
    raw: options.smoothing === 0 ? [] : plot(curve.points, 0),
    overtaken: plot(curve.overtaken, options.smoothing),
  }
}

function extentOf(values: readonly number[]): Extent | null {
  const extent = paddedExtent(values, 0)
  return extent === null || extent[0] < extent[1] ? extent : [extent[0], extent[0] + 1]
}

function logAxisTicks([low, high]: Extent): readonly number[] {
  return logTicks([10 ** low, 10 ** high]).map(Math.log10)
}
