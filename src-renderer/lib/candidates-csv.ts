import type { CandidateRow } from '../../src-main/contract/index.ts'
import { originText } from './origin-text.ts'

const HEAD = 'number,genotype_id,generation,state,macs,params,accuracy,on_front,origin'

/** All candidates as comma-separated values with a head line; numbers in full, accuracy in [0, 1]. */
export function candidatesCsv(rows: readonly CandidateRow[], frontIds: ReadonlySet<string>): string {
  const lines = rows.map((row) =>
    [
      row.number,
      row.genotypeId,
      row.generation,
      row.state,
      row.macs,
      row.params,
      row.accuracy ?? '',
      frontIds.has(row.id),
      quoted(originText(row.origin)),
    ].join(','),
  )
  return `${[HEAD, ...lines].join('\n')}\n`
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
