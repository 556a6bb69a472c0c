import type { EChartsOption } from '../components/chart/register-echarts.ts'
import { gridOf, rangeOf } from './chart-frame.ts'
import type { Token } from './chart-tokens.ts'
import { RUN_SYMBOLS } from './compared-fronts-option.ts'
import { placesOf } from './front-chart-option.ts'
import type { HypervolumeTrace } from './hypervolume-trace.ts'
import { niceTicks } from './nice-ticks.ts'
import { paddedExtent } from './padded-extent.ts'
import { runColorToken } from './run-status.ts'

type Series = NonNullable<EChartsOption['series']>

const ROOM = { left: 52, right: 20, top: 18, bottom: 40 } as const
/** Marks on a line, so that form tells runs apart as well as colour. */
const MARKS_PER_LINE = 8

/** Hypervolume by evaluations, each run in its colour; the end of the random start where all have the same. */
export function hypervolumeOption(traces: readonly HypervolumeTrace[], token: Token): EChartsOption {
  const points = traces.flatMap((trace) => trace.points)
  const x = [0, Math.max(1, ...points.map(({ evaluations }) => evaluations))] as const
  const y =
    paddedExtent(
      points.map(({ hypervolume }) => hypervolume),
      0.08,
    ) ?? ([0, 1] as const)
  const [xTicks, yTicks] = [niceTicks(x, 6), niceTicks(y, 6)]
  return {
    animation: false,
    grid: gridOf(ROOM),
    xAxis: {
      ...rangeOf(x),
      name: 'Evaluations',
      nameLocation: 'end',
      nameTextStyle: { align: 'right', verticalAlign: 'top', padding: [24, 0, 0, 0] },
      ...placesOf(xTicks, (value) => value.toFixed(xTicks.digits)),
      splitLine: { show: false },
    },
    yAxis: {
      ...rangeOf(y),
      axisLine: { show: false },
      ...placesOf(yTicks, (value) => value.toFixed(yTicks.digits)),
    },
    series: [
      ...traces.map((trace, index) => lineOf(trace, index, token)),
      ...startOf(traces, token),
    ] as Series,
  }
}

function lineOf({ run, points }: HypervolumeTrace, index: number, token: Token) {
  const color = token(runColorToken(run.colorIndex))
  const every = Math.max(1, Math.ceil(points.length / MARKS_PER_LINE))
  return {
    type: 'line',
    silent: true,
    showSymbol: true,
    showAllSymbol: true,
    symbol: RUN_SYMBOLS[index % RUN_SYMBOLS.length],
    itemStyle: { color, borderColor: token('bg-raised'), borderWidth: 1 },
    lineStyle: { color, width: 1.6 },
    data: points.map(({ evaluations, hypervolume }, at) => ({
      value: [evaluations, hypervolume],
      symbolSize: at === points.length - 1 || (at % every === 0 && points.length - at > every / 2) ? 7 : 0,
    })),
  }
}

/** A dashed line; none where the starts differ, since a line for each would say nothing. */
function startOf(traces: readonly HypervolumeTrace[], token: Token) {
  const starts = new Set(traces.map(({ randomStart }) => randomStart))
  const [start] = starts
  if (starts.size !== 1 || start === undefined || start === 0) {
    return []
  }
  const color = token('chart-label')
  return [
    {
      type: 'line',
      data: [],
      silent: true,
      markLine: {
        symbol: 'none',
        silent: true,
        animation: false,
        lineStyle: { color, type: [3, 3], width: 1 },
        label: {
          color,
          fontSize: 10.5,
          position: 'insideEndTop',
          formatter: 'random start ends',
          rotate: 0,
          align: 'left',
          offset: [4, 14],
        },
        data: [{ xAxis: start }],
      },
    },
  ]
}
