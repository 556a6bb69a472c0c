import type { CandidateRow, Protocol } from './candidate.ts'
import type { ReportScore } from './run.ts'

/** `teacher`: the largest network, trained alone before the super-network. */
export type ReferenceName = 'teacher'

/** A network with weights of its own, scored as the candidates are. It is no candidate: no selection, front or hypervolume has it. */
export interface ReferenceScore {
  readonly name: ReferenceName
  readonly genotypeId: string
  readonly macs: number
  readonly params: number
  /** Updates that its weights have had. */
  readonly iterations: number
  readonly split: 'search' | 'report'
  /** With `accuracy` among them, in [0, 1]. */
  readonly metrics: Readonly<Record<string, number>>
  readonly protocol: Protocol
}

/** A reference beside the candidate of the same architecture. */
export interface ReferenceGap {
  readonly reference: ReferenceScore
  /** In [0, 1]. */
  readonly accuracy: number
  /** Points (hundredths) that the inherited weights score above the reference's own; negative: below. */
  readonly points: number
}

/** What inheriting costs, of each reference whose architecture has a score by the same protocol. */
export function listReferenceGaps(
  references: readonly ReferenceScore[],
  rows: readonly CandidateRow[],
  reportScores: readonly ReportScore[],
): readonly ReferenceGap[] {
  return references.flatMap((reference) => {
    const row = rows.find(({ genotypeId }) => genotypeId === reference.genotypeId)
    const reported = reportScores.find(({ candidateId }) => candidateId === row?.id)
    const inherited =
      reference.split === 'search'
        ? { accuracy: row?.accuracy ?? undefined, protocol: row?.protocol ?? undefined }
        : { accuracy: reported?.metrics['accuracy'], protocol: reported?.protocol }
    const accuracy = reference.metrics['accuracy']
    const isComparable = sameProtocol(inherited.protocol, reference.protocol)
    return accuracy === undefined || inherited.accuracy === undefined || !isComparable
      ? []
      : [{ reference, accuracy, points: 100 * (inherited.accuracy - accuracy) }]
  })
}

/** "inherited: 1.3 points below the teacher of this run, 42.1" */
export function describeReferenceGap({ reference, accuracy, points }: ReferenceGap): string {
  const distance = Math.abs(points).toFixed(1)
  const place = distance === '0.0' ? 'level with' : `${distance} points ${points < 0 ? 'below' : 'above'}`
  return `inherited: ${place} the ${reference.name} of this run, ${(100 * accuracy).toFixed(1)} (${reference.split} split)`
}

/** Fields may be stored in any order. */
function sameProtocol(a: Protocol | undefined, b: Protocol): boolean {
  const sorted = (protocol: Protocol): string =>
    JSON.stringify(Object.entries(protocol).toSorted(([x], [y]) => x.localeCompare(y)))
  return a !== undefined && sorted(a) === sorted(b)
}
