import type { EChartsOption } from '../components/chart/register-echarts.ts'
import type { Token } from './chart-tokens.ts'
import type { ComparedFront } from './compare-runs.ts'
import { gridOf, rangeOf } from './chart-frame.ts'
import { macsScale } from './format-quantity.ts'
import { percentLabel, placesOf } from './front-chart-option.ts'
import { niceTicks } from './nice-ticks.ts'
import { paddedExtent } from './padded-extent.ts'
import { runColorToken } from './run-status.ts'

type Series = NonNullable<EChartsOption['series']>

const ROOM = { left: 52, right: 20, top: 14, bottom: 40 } as const
/** Form tells runs apart as well as colour does. */
export const RUN_SYMBOLS = ['diamond', 'rect', 'triangle', 'circle'] as const

/** Fronts of one protocol on common axes, each in the colour of its run. */
export function comparedFrontsOption(fronts: readonly ComparedFront[], token: Token): EChartsOption {
  const rows = fronts.flatMap(({ front }) => front)
  const scale = macsScale(Math.max(0, ...rows.map(({ macs }) => macs)))
  const x = paddedExtent(rows.map(({ macs }) => macs / scale.divisor)) ?? [0, 1]
  const y =
    paddedExtent(
      rows.map(({ accuracy }) => accuracy),
      0.08,
    ) ?? ([0, 1] as const)
  const [xTicks, yTicks] = [niceTicks(x, 6), niceTicks(y, 6)]
  return {
    animation: false,
    grid: gridOf(ROOM),
    xAxis: {
      ...rangeOf(x),
      name: scale.title,
      nameLocation: 'end',
      nameTextStyle: { align: 'right', verticalAlign: 'top', padding: [24, 0, 0, 0] },
      ...placesOf(xTicks, (value) => value.toFixed(xTicks.digits)),
      splitLine: { show: false },
    },
    yAxis: {
      ...rangeOf(y),
      axisLine: { show: false },
      ...placesOf(yTicks, (value) => percentLabel(value, yTicks)),
    },
    series: fronts.map(({ run, front }, index) => ({
      type: 'line',
      silent: true,
      step: 'end',
      showSymbol: true,
      showAllSymbol: true,
      symbol: RUN_SYMBOLS[index % RUN_SYMBOLS.length],
      symbolSize: 8,
      itemStyle: {
        color: token(runColorToken(run.colorIndex)),
        borderColor: token('bg-raised'),
        borderWidth: 1,
      },
      lineStyle: { color: token(runColorToken(run.colorIndex)), width: 1.6 },
      data: front.map(({ macs, accuracy }) => [macs / scale.divisor, accuracy]),
    })) as Series,
  }
}
