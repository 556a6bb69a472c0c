import type { CandidateRow, Protocol } from '../../src-main/contract/index.ts'
import { paretoFront } from '../../src-main/nas/pareto/pareto-front.ts'

/** A candidate with a measured accuracy. */
export type EvaluatedRow = CandidateRow & { readonly accuracy: number; readonly protocol: Protocol }

export function isEvaluated(row: CandidateRow): row is EvaluatedRow {
  return row.accuracy !== null && row.protocol !== null
}

/**
 * The Pareto front of evaluated candidates, cheapest first. Scores of different protocols cannot be compared, so only those
 * that share the protocol of most candidates take part.
 *
 * @param upToGeneration - Leaves out candidates of later generations.
 */
export function candidateFront(
  rows: readonly CandidateRow[],
  upToGeneration = Infinity,
): readonly EvaluatedRow[] {
  const evaluated = rows.filter(isEvaluated).filter((row) => row.generation <= upToGeneration)
  return paretoFront(mainProtocolRows(evaluated)).toSorted((a, b) => a.macs - b.macs)
}

/** Candidates whose scores may stand beside each other: those with the most frequent protocol. */
export function mainProtocolRows(evaluated: readonly EvaluatedRow[]): readonly EvaluatedRow[] {
  const groups = Map.groupBy(evaluated, (row) => JSON.stringify(row.protocol))
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? []
}

/** The architecture that everybody knows, as this very run scored it: the baseline of its charts. Null until it is scored. */
export function hrnetRow(rows: readonly EvaluatedRow[]): EvaluatedRow | null {
  return rows.find(({ origin }) => origin.operator === 'reference' && origin.label === 'hrnet') ?? null
}

/** The most accurate front member within a budget; null if none is that small. */
export function bestUnder(front: readonly EvaluatedRow[], maxMacs: number): EvaluatedRow | null {
  return front.filter((row) => row.macs <= maxMacs).toSorted((a, b) => b.accuracy - a.accuracy)[0] ?? null
}

/** '#0940' */
export function candidateLabel(number: number): string {
  return `#${number.toString().padStart(4, '0')}`
}
