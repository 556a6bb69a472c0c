import type { EChartsOption } from '../components/chart/register-echarts.ts'
import { gridOf, rangeOf } from './chart-frame.ts'
import type { Token } from './chart-tokens.ts'
import { placesOf } from './front-chart-option.ts'
import { niceTicks } from './nice-ticks.ts'
import type { NiceTicks } from './nice-ticks.ts'
import { paddedExtent } from './padded-extent.ts'
import { runColorToken } from './run-status.ts'

/** Form tells runs apart as well as colour does. */
export const RUN_SYMBOLS = ['diamond', 'rect', 'triangle', 'circle'] as const

interface ComparedAxes {
  /** Room above the plot in px. */
  readonly top: number
  readonly x: readonly [low: number, high: number]
  readonly xName: string
  /** Every value that is drawn. */
  readonly yValues: readonly number[]
  readonly yLabel: (value: number, ticks: NiceTicks) => string
}

/** Axes of a chart in which several runs stand on common scales. */
export function comparedFrame({ top, x, xName, yValues, yLabel }: ComparedAxes) {
  const y = paddedExtent(yValues, 0.08) ?? ([0, 1] as const)
  const [xTicks, yTicks] = [niceTicks(x, 6), niceTicks(y, 6)]
  return {
    animation: false,
    grid: gridOf({ left: 52, right: 20, top, bottom: 40 }),
    xAxis: {
      ...rangeOf(x),
      name: xName,
      nameLocation: 'end',
      nameTextStyle: { align: 'right', verticalAlign: 'top', padding: [24, 0, 0, 0] },
      ...placesOf(xTicks, (value) => value.toFixed(xTicks.digits)),
      splitLine: { show: false },
    },
    yAxis: {
      ...rangeOf(y),
      axisLine: { show: false },
      ...placesOf(yTicks, (value) => yLabel(value, yTicks)),
    },
  } satisfies EChartsOption
}

/** A line with marks in the colour and form of a run. */
export function comparedLine({ colorIndex }: { readonly colorIndex: number }, index: number, token: Token) {
  const color = token(runColorToken(colorIndex))
  return {
    type: 'line',
    silent: true,
    showSymbol: true,
    showAllSymbol: true,
    symbol: RUN_SYMBOLS[index % RUN_SYMBOLS.length],
    itemStyle: { color, borderColor: token('bg-raised'), borderWidth: 1 },
    lineStyle: { color, width: 1.6 },
  }
}
