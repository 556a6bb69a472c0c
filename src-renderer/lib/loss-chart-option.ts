import type { EChartsOption } from '../components/chart/register-echarts.ts'
import { sequenceColor } from './chart-tokens.ts'
import type { Token } from './chart-tokens.ts'
import { formatCount, formatSmall } from './format-quantity.ts'
import type { TurnLook } from './sampling-order.ts'
import { smoothValues } from './smooth-values.ts'
import type { CurvePoint, TurnCurve } from './training-curves.ts'

export type XAxisKind = 'iteration' | 'epoch'

export interface LossChartInput {
  readonly curves: readonly TurnCurve[]
  /** By turn; the teacher has none. */
  readonly looks: readonly TurnLook[]
  readonly xAxis: XAxisKind
  readonly isLog: boolean
  /** Weight of the past, [0, 1). */
  readonly smoothing: number
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
  return {
    animation: false,
    grid: { left: 52, right: 112, top: 18, bottom: 38, outerBoundsMode: 'none' },
    xAxis: {
      type: 'value',
      min: 'dataMin',
      max: 'dataMax',
      name: input.xAxis === 'iteration' ? 'Iteration' : 'Epoch',
      nameLocation: 'end',
      nameGap: 8,
      splitLine: { show: false },
      axisLabel: { formatter: shortCount, showMaxLabel: false },
    },
    yAxis: {
      type: input.isLog ? 'log' : 'value',
      scale: true,
      axisLine: { show: false },
      axisLabel: { formatter: (value: number) => formatSmall(value) },
    },
    series: [
      ...input.curves.flatMap((curve) => rawSeries(input, curve)),
      ...input.curves.map((curve) => smoothSeries(input, curve)),
      ...input.curves.map((curve) => overtakenSeries(input, curve)),
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

export function curveX(point: CurvePoint, xAxis: XAxisKind): number {
  return xAxis === 'iteration' ? point.iteration : point.epoch
}

function valuesOf(input: LossChartInput, points: readonly CurvePoint[], factor: number): [number, number][] {
  const smooth = smoothValues(
    points.map((point) => point.value),
    factor,
  )
  return points.map((point, index) => [curveX(point, input.xAxis), smooth[index] ?? point.value])
}

function rawSeries(input: LossChartInput, curve: TurnCurve): object[] {
  if (!isEdgeCurve(input, curve.turn) || input.smoothing === 0) {
    return []
  }
  return [
    {
      type: 'line',
      silent: true,
      z: 1,
      sampling: 'lttb',
      lineStyle: { width: 1, opacity: RAW_OPACITY, color: curveColor(input, curve.turn) },
      data: valuesOf(input, curve.points, 0),
    },
  ]
}

function smoothSeries(input: LossChartInput, curve: TurnCurve): object {
  const isEdge = isEdgeCurve(input, curve.turn)
  const color = curveColor(input, curve.turn)
  return {
    type: 'line',
    name: curve.label,
    silent: true,
    z: isEdge ? 3 : 2,
    sampling: 'lttb',
    lineStyle: { width: isEdge ? 2.1 : 1.25, opacity: isEdge ? 1 : 0.85, color },
    itemStyle: { color },
    endLabel: {
      show: isEdge,
      color: input.token('fg'),
      fontSize: 11,
      distance: 6,
      formatter: ({ value }: { value: number[] }) => `${curve.label} ${formatSmall(value[1] ?? 0)}`,
    },
    labelLayout: { moveOverlap: 'shiftY' },
    data: valuesOf(input, curve.points, input.smoothing),
  }
}

function overtakenSeries(input: LossChartInput, curve: TurnCurve): object {
  return {
    type: 'line',
    silent: true,
    z: 1,
    sampling: 'lttb',
    lineStyle: { width: 1.2, type: [2, 2], opacity: 0.6, color: input.token('fg-3') },
    data: valuesOf(input, curve.overtaken, input.smoothing),
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
      lineStyle: { color, type: [3, 3], width: 1 },
      label: { color, fontSize: 10.5, position: 'insideEndTop', formatter: '{b}' },
      data: input.resumedAt.map(({ x, attempt }) => ({ xAxis: x, name: `attempt ${attempt.toString()}` })),
    },
  }
}

function shortCount(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toString()} k` : formatCount(value)
}
