import type { ComputePlan } from '../../src-main/contract/index.ts'
import { backendWord } from './words.ts'

/** One measured way to use the cores. */
export interface PlanFigure {
  readonly what: 'Training step' | 'Search'
  /** "Native TensorFlow × 2". */
  readonly label: string
  /** "214 ms", "137 images/s": the median of the rounds. */
  readonly value: string
  readonly isChosen: boolean
}

/** What the calibration of a run measured, with the choice marked; empty where nothing was measured. */
export function planFigures(plan: ComputePlan): readonly PlanFigure[] {
  const { calibration } = plan
  if (calibration === null) {
    return []
  }
  const steps = calibration.steps.map(({ backend, threads, rounds }): PlanFigure => ({
    what: 'Training step',
    label: `${backendWord(backend)}, ${plural(threads, 'thread')}`,
    value: `${medianOf(rounds).toPrecision(3)} ms`,
    isChosen: backend === plan.backend && threads === plan.trainThreads,
  }))
  const searches = calibration.searches.map(({ backend, workers, threads, rounds }): PlanFigure => ({
    what: 'Search',
    label: `${plural(workers, 'worker')}, ${plural(threads, 'thread')} each`,
    value: `${Math.round(medianOf(rounds)).toLocaleString('en')} images/s`,
    isChosen: backend === plan.backend && workers === plan.searchWorkers && threads === plan.searchThreads,
  }))
  return [...steps, ...searches]
}

/** How the figures came about, in words. */
export function planOrigin({ origin }: Pick<ComputePlan, 'origin'>): string {
  switch (origin) {
    case 'measured':
      return 'measured when the run began'
    case 'cached':
      return 'from an earlier calibration of this machine'
    case 'formula':
      return 'by the number of cores, not measured'
    default:
      return origin satisfies never
  }
}

/** @param values - The middle one of an odd number, the mean of the two of an even one; NaN for none. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

function plural(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
