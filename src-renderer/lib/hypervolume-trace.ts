import type { CandidateRow, RunDetails } from '../../src-main/contract/index.ts'
import { frontHypervolume, hypervolumeReference } from '../../src-main/nas/pareto/hypervolume.ts'
import { paretoFront } from '../../src-main/nas/pareto/pareto-front.ts'
import { isEvaluated, mainProtocolRows } from './candidate-front.ts'
import type { EvaluatedRow } from './candidate-front.ts'

/** How the hypervolume of a search grew with its evaluations. */
export interface HypervolumeTrace {
  readonly run: RunDetails
  /** Ascending; the first is the first evaluation, the last is everything evaluated so far. */
  readonly points: readonly { readonly evaluations: number; readonly hypervolume: number }[]
  /** Evaluations of the random start, generation 0. */
  readonly randomStart: number
}

/** Points beyond these cannot be told apart on a screen. */
const MOST_POINTS = 300

/**
 * Traces of runs whose scores were measured alike, against one reference cost: normalised hypervolumes (method.md 7.5) of two runs
 * mean the same only if R is the same. R follows from the largest network that one of them evaluated, which is the largest of their spaces
 * unless a log without it was imported.
 *
 * @param runs - At least one of them with an evaluated candidate.
 * @returns R in multiply-adds, and a trace of each run that has evaluated a candidate.
 */
export function hypervolumeTraces(
  runs: readonly { readonly run: RunDetails; readonly rows: readonly CandidateRow[] }[],
): { readonly referenceMacs: number; readonly traces: readonly HypervolumeTrace[] } {
  const measured = runs
    .map(({ run, rows }) => ({ run, rows: inOrder(mainProtocolRows(rows.filter(isEvaluated))) }))
    .filter(({ rows }) => rows.length > 0)
  const largest = measured.flatMap(({ rows }) => rows).reduce((most, { macs }) => Math.max(most, macs), 1)
  const referenceMacs = hypervolumeReference(largest)
  return {
    referenceMacs,
    traces: measured.map(({ run, rows }) => ({
      run,
      points: trace(rows, referenceMacs),
      randomStart: rows.filter(({ generation }) => generation === 0).length,
    })),
  }
}

function inOrder(rows: readonly EvaluatedRow[]): readonly EvaluatedRow[] {
  return rows.toSorted((a, b) => a.generation - b.generation || a.number - b.number)
}

/** Only the front of what came before counts, so each step looks at the front and one candidate. */
function trace(rows: readonly EvaluatedRow[], referenceMacs: number): HypervolumeTrace['points'] {
  const every = Math.max(1, Math.ceil(rows.length / MOST_POINTS))
  const points: { evaluations: number; hypervolume: number }[] = []
  let front: readonly EvaluatedRow[] = []
  for (const [index, row] of rows.entries()) {
    const isDominated = front.some((other) => other.macs <= row.macs && other.accuracy >= row.accuracy)
    front = isDominated ? front : paretoFront([...front, row])
    const evaluations = index + 1
    if (evaluations === 1 || evaluations === rows.length || evaluations % every === 0) {
      points.push({ evaluations, hypervolume: frontHypervolume(front, referenceMacs) })
    }
  }
  return points
}
