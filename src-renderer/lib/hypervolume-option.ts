import type { EChartsOption } from '../components/chart/register-echarts.ts'
import type { Token } from './chart-tokens.ts'
import { comparedFrame, comparedLine } from './compared-chart-frame.ts'
import type { HypervolumeTrace } from './hypervolume-trace.ts'

type Series = NonNullable<EChartsOption['series']>

/** Marks on a line, so that form tells runs apart as well as colour. */
const MARKS_PER_LINE = 8

/** Hypervolume by evaluations, each run in its colour; the end of the random start where all have the same. */
export function hypervolumeOption(traces: readonly HypervolumeTrace[], token: Token): EChartsOption {
  const points = traces.flatMap((trace) => trace.points)
  return {
    ...comparedFrame({
      top: 18,
      x: [0, Math.max(1, ...points.map(({ evaluations }) => evaluations))],
      xName: 'Evaluations',
      yValues: points.map(({ hypervolume }) => hypervolume),
      yLabel: (value, { digits }) => value.toFixed(digits),
    }),
    series: [
      ...traces.map((trace, index) => lineOf(trace, index, token)),
      ...startOf(traces, token),
    ] as Series,
  }
}

function lineOf({ run, points }: HypervolumeTrace, index: number, token: Token) {
  const every = Math.max(1, Math.ceil(points.length / MARKS_PER_LINE))
  return {
    ...comparedLine(run, index, token),
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
