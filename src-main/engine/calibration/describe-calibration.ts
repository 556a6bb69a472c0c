import type { Calibration, ComputePlan, SearchFigure, StepFigure } from '../../contract/index.ts'
import { quantile } from '../bench/summarise-times.ts'
import { isDisturbed } from './kept-calibration.ts'
import { describeSearch, round } from './decide-shares.ts'

/** One calibration in a few lines: what was repeated, its figures, when, and whether other programs disturbed. */
export function describeCalibration(calibration: Calibration): string {
  const { network, subnet, batch, steps, searches, measuredAt, load, seconds, notes } = calibration
  const disturbed = isDisturbed(calibration) ? ', other programs were running' : ''
  return [
    `${network}: step of ${String(batch)} (${subnet}) ${steps.map(describeStep).join(', ')}`,
    `search, images a second: ${searches.map(describePace).join(', ')}`,
    `${new Date(measuredAt).toISOString().slice(0, 16).replace('T', ' ')} in ${seconds.toFixed(1)} s, load ${load.toFixed(1)}${disturbed}`,
    ...notes,
  ].join('; ')
}

/** How a run uses the cores, one line each. */
export function describePlan(plan: ComputePlan): readonly string[] {
  const { trainThreads, loaderThreads, searchWorkers, searchThreads, origin, calibration, moves } = plan
  const source = {
    measured: 'measured at its start',
    cached: 'by an earlier calibration of this machine',
    formula: 'not measured',
  }[origin]
  return [
    `cores: training ${String(trainThreads)} + loader ${String(loaderThreads)} threads, search ${describeSearch({ workers: searchWorkers, threads: searchThreads })}; ${source}`,
    ...plan.reasons.map((reason) => `  ${reason}`),
    ...(calibration === null ? [] : [`  calibration: ${describeCalibration(calibration)}`]),
    ...plan.warnings.map((warning) => `  warning: ${warning}`),
    ...moves.map(({ note }) => `  ${note}`),
  ]
}

function describeStep({ backend, threads, rounds }: StepFigure): string {
  return `${backend} × ${String(threads)} ${round(quantile(rounds, 0.5))} ms`
}

function describePace({ rounds, ...layout }: SearchFigure): string {
  return `${describeSearch(layout)} ${round(quantile(rounds, 0.5))}`
}
