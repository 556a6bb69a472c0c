import type { Finding, StudyReport } from '../engine/studies/study.types.ts'
import { formatTable } from './run-result.ts'

/** From here on a number is a cost, which nobody reads to four decimals. */
const LARGE = 1000

/** The report as people read it; the same rows are in docs/studies.md. */
export function describeStudy(report: StudyReport): string {
  const { claim, findings, notes, protocols, command, preset, seeds, seconds } = report
  const [protocol] = protocols
  const head = ['measure', 'group', 'seed', 'value', '95 % interval', 'n']
  return [
    `claim: ${claim}`,
    '',
    ...formatTable([head, ...findings.map(toRow)]),
    '',
    ...notes,
    `${preset}, seeds ${seeds.join(', ')}, ${protocol?.metric ?? 'no score'} of ${String(protocol?.samples ?? 0)} search images, ${protocol?.backend ?? 'no'} backend, ${seconds.toFixed(0)} s`,
    command,
  ].join('\n')
}

function toRow({ measure, group, seed, value, interval, samples }: Finding): readonly string[] {
  return [
    measure,
    group,
    seed === null ? 'all' : String(seed),
    value === null ? '-' : format(value),
    interval === null ? '-' : `${format(interval.low)} … ${format(interval.high)}`,
    String(samples),
  ]
}

function format(value: number): string {
  return Math.abs(value) >= LARGE ? value.toExponential(3) : value.toFixed(4)
}
