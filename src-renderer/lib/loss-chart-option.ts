import type { EChartsOption } from '../components/chart/register-echarts.ts'
import { gridOf, rangeOf } from './chart-frame.ts'
import { sequenceColor } from './chart-tokens.ts'
import type { Token } from './chart-tokens.ts'
import { placesOf } from './front-chart-option.ts'
import { formatCount, formatSmall } from './format-quantity.ts'
import type { LossPlot, PlottedCurve, PlottedPoint, XAxisKind } from './loss-plot.ts'
import type { TurnLook } from './sampling-order.ts'

export interface LossChartInput {
  readonly plot: LossPlot
  /** By turn; the teacher has none. */
  readonly looks: readonly TurnLook[]
  readonly xAxis: XAxisKind
  /** Where a later attempt took over. */
  readonly resumedAt: readonly { readonly x: number; readonly attempt: number }[]
  readonly token: Token
}

type Series = NonNullable<EChartsOption['series']>

/** Lines begin at the third colour of the sequence: darker ones vanish on the dark surface. */
const LINE_START = 2
const RAW_OPACITY = 0.22

/** One smoothed line a turn, from small to large in the ordered colours; raw values faint behind the two ends. */
export function lossChartOption(input: LossChartInput): EChartsOption {
  const { frame, curves } = input.plot
  return {
    animation: false,
    grid: gridOf(frame),
    xAxis: {
      ...rangeOf(frame.x),
      splitLine: { show: false },
      axisLabel: { formatter: shortCount, showMaxLabel: false },
    },
    yAxis: verticalAxis(input.plot),
    series: [
      ...curves.filter((curve) => isEdgeCurve(input, curve.turn)).map((curve) => rawSeries(input, curve)),
      ...curves.map((curve) => smoothSeries(input, curve)),
      ...curves.map((curve) => overtakenSeries(input, curve)),
      resumeMarks(input),
    ] as Series,
  }
}

export function curveColor(input: Pick<LossChartInput, 'looks' | 'token'>, turn: number): string {
  const look = input.looks[turn]
  return look === undefined ? input.token('run-1') : sequenceColor(input.token, look.rank, LINE_START)
}

/** Smallest, largest and the teacher carry labels and raw lines; eleven of each would be noise. */
export function isEdgeCurve(input: Pick<LossChartInput, 'looks'>, turn: number): boolean {
  const rank = input.looks[turn]?.rank
  return rank === undefined || rank === 0 || rank === 1
}

function verticalAxis({ frame, ticks, isLog }: LossPlot): object {
  return {
    type: 'value',
    min: frame.y[0],
    max: frame.y[1],
    axisLine: { show: false },
    ...placesOf({ values: ticks }, (value) => formatSmall(isLog ? 10 ** value : value)),
  }
}

function pairs(points: readonly PlottedPoint[]): [number, number][] {
  return points.map(({ x, y }) => [x, y])
}

function rawSeries(input: LossChartInput, curve: PlottedCurve): object {
  const color = curveColor(input, curve.turn)
  return {
    type: 'line',
    silent: true,
    z: 1,
    sampling: 'lttb',
    lineStyle: { width: 1, opacity: RAW_OPACITY, color },
    data: pairs(curve.raw),
  }
}

function smoothSeries(input: LossChartInput, curve: PlottedCurve): object {
  const isEdge = isEdgeCurve(input, curve.turn)
  const color = curveColor(input, curve.turn)
  return {
    type: 'line',
    silent: true,
    z: isEdge ? 3 : 2,
    sampling: 'lttb',
    lineStyle: { width: isEdge ? 2.1 : 1.25, opacity: isEdge ? 1 : 0.85, color },
    data: pairs(curve.smooth),
  }
}

function overtakenSeries(input: LossChartInput, curve: PlottedCurve): object {
  return {
    type: 'line',
    silent: true,
    z: 1,
    sampling: 'lttb',
    lineStyle: { width: 1.2, type: [2, 2], opacity: 0.6, color: input.token('fg-3') },
    data: pairs(curve.overtaken),
  }
}

function resumeMarks(input: LossChartInput): object {
  const color = input.token('state-interrupted-fg')
  return {
    type: 'line',
    data: [],
    silent: true,
    markLine: {
      symbol: 'none',
      silent: true,
      animation: false,
      lineStyle: { color, type: [3, 3], width: 1 },
      label: { color, fontSize: 10.5, position: 'insideEndTop', formatter: '{b}' },
      data: input.resumedAt.map(({ x, attempt }) => ({ xAxis: x, name: `attempt ${attempt.toString()}` })),
    },
  }
}

function shortCount(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toString()} k` : formatCount(value)
}
