import type { EChartsOption } from '../components/chart/register-echarts.ts'
import type { Token } from './chart-tokens.ts'
import type { ComparedFront } from './compare-runs.ts'
import { comparedFrame, comparedLine } from './compared-chart-frame.ts'
import { macsScale } from './format-quantity.ts'
import { percentLabel } from './front-chart-option.ts'
import { paddedExtent } from './padded-extent.ts'

type Series = NonNullable<EChartsOption['series']>

/** Fronts of one protocol on common axes, each in the colour of its run. */
export function comparedFrontsOption(fronts: readonly ComparedFront[], token: Token): EChartsOption {
  const rows = fronts.flatMap(({ front }) => front)
  const scale = macsScale(Math.max(0, ...rows.map(({ macs }) => macs)))
  return {
    ...comparedFrame({
      top: 14,
      x: paddedExtent(rows.map(({ macs }) => macs / scale.divisor)) ?? [0, 1],
      xName: scale.title,
      yValues: rows.map(({ accuracy }) => accuracy),
      yLabel: percentLabel,
    }),
    series: fronts.map(({ run, front }, index) => ({
      ...comparedLine(run, index, token),
      step: 'end',
      symbolSize: 8,
      data: front.map(({ macs, accuracy }) => [macs / scale.divisor, accuracy]),
    })) as Series,
  }
}
