import type { EChartsOption } from '../components/chart/register-echarts.ts'
import type { EvaluatedRow } from './candidate-front.ts'
import { gridOf, rangeOf } from './chart-frame.ts'
import { sequenceColor } from './chart-tokens.ts'
import type { Token } from './chart-tokens.ts'
import type { MacsScale } from './format-quantity.ts'
import type { NiceTicks } from './nice-ticks.ts'
import type { PlotFrame } from './plot-frame.ts'

export interface FrontChartInput {
  readonly frame: PlotFrame
  readonly xTicks: NiceTicks
  readonly yTicks: NiceTicks
  readonly scale: MacsScale
  /** Every evaluated candidate up to the generation that is shown. */
  readonly rows: readonly EvaluatedRow[]
  /** Cheapest first. */
  readonly front: readonly EvaluatedRow[]
  /** The front of the random start, for comparison; empty leaves it out. */
  readonly firstFront: readonly EvaluatedRow[]
  readonly lastGeneration: number
  readonly isCompact: boolean
  readonly token: Token
}

/** The darkest colour of the sequence is hard to see in small dots. */
export const DOTS_START = 1

type Series = NonNullable<EChartsOption['series']>

/** The accuracy-cost scatter: dominated dots coloured by generation, the front as amber diamonds on a step line. */
export function frontChartOption(input: FrontChartInput): EChartsOption {
  const { frame, token } = input
  return {
    animation: false,
    grid: gridOf(frame),
    xAxis: {
      ...rangeOf(frame.x),
      ...placesOf(input.xTicks, (value) => value.toFixed(input.xTicks.digits)),
      splitLine: { show: false },
    },
    yAxis: {
      ...rangeOf(frame.y),
      axisLine: { show: false },
      ...placesOf(input.yTicks, (value) => percentLabel(value, input.yTicks)),
    },
    series: [
      ...firstFrontSeries(input),
      dominatedSeries(input),
      frontSeries(input),
      referenceSeries(input, token),
    ] as Series,
  }
}

/** Ticks, lines and labels at our places: the axis ends where the data ends, not at the next round number. */
export function placesOf(
  { values }: Pick<NiceTicks, 'values'>,
  formatter: (value: number) => string,
): object {
  const customValues = [...values]
  return {
    axisTick: { show: false, customValues },
    splitLine: { customValues },
    axisLabel: { customValues, formatter },
  }
}

/** The lowest decimals of a percentage that tell two ticks apart. */
export function percentLabel(value: number, ticks: NiceTicks): string {
  return (value * 100).toFixed(Math.max(0, ticks.digits - 2))
}

function position(input: FrontChartInput, row: EvaluatedRow): [number, number] {
  return [row.macs / input.scale.divisor, row.accuracy]
}

function dominatedSeries(input: FrontChartInput): object {
  const onFront = new Set(input.front.map((row) => row.id))
  const dominated = input.rows.filter((row) => !onFront.has(row.id))
  return {
    type: 'scatter',
    z: 2,
    silent: true,
    symbolSize: input.isCompact ? 3.4 : 5.5,
    itemStyle: { opacity: input.isCompact ? 0.65 : 0.8 },
    data: dominated.map((row) => ({
      value: position(input, row),
      itemStyle: {
        color: input.isCompact
          ? input.token('dominated')
          : sequenceColor(input.token, row.generation / Math.max(1, input.lastGeneration), DOTS_START),
      },
    })),
  }
}

function frontSeries(input: FrontChartInput): object {
  const points = input.front.map((row) => ({ value: position(input, row) }))
  const last = input.front.at(-1)
  const tail = last === undefined ? [] : [{ value: [input.frame.x[1], last.accuracy], symbol: 'none' }]
  return {
    type: 'line',
    z: 4,
    silent: true,
    step: 'end',
    clip: true,
    showSymbol: true,
    showAllSymbol: true,
    symbol: 'diamond',
    symbolSize: input.isCompact ? 7 : 9.5,
    itemStyle: {
      color: input.token('front'),
      borderColor: input.token('bg-surface'),
      borderWidth: 1,
      opacity: 1,
    },
    lineStyle: { color: input.token('front'), width: 1.6, join: 'round' },
    areaStyle: { color: input.token('front-fill'), origin: 'start', opacity: 1 },
    data: [...points, ...tail],
  }
}

function firstFrontSeries(input: FrontChartInput): object[] {
  if (input.firstFront.length === 0) {
    return []
  }
  return [
    {
      type: 'line',
      z: 1,
      silent: true,
      step: 'end',
      showSymbol: false,
      lineStyle: { color: input.token('seq-2'), width: 1, type: [3, 3] },
      data: input.firstFront.map((row) => position(input, row)),
    },
  ]
}

function referenceSeries(input: FrontChartInput, token: Token): object {
  const references = input.rows.filter((row) => row.origin.operator === 'reference')
  return {
    type: 'scatter',
    z: 5,
    silent: true,
    symbol: 'rect',
    symbolSize: input.isCompact ? 8 : 11,
    itemStyle: { color: 'transparent', borderColor: token('reference'), borderWidth: 1.6 },
    label: {
      show: true,
      position: 'bottom',
      distance: 5,
      formatter: ({ name }: { name: string }) => name,
      color: token('reference'),
      fontSize: input.isCompact ? 10 : 11,
      textBorderColor: token('bg-surface'),
      textBorderWidth: 3,
    },
    data: references.map((row) => ({ name: row.origin.label, value: position(input, row) })),
  }
}
