import type { CandidateRow } from '../../src-main/contract/index.ts'
import { originText } from './origin-text.ts'

const HEAD =
  'number,genotype_id,generation,state,macs,params,accuracy,on_front,origin,metric,split,samples,boxes,input,flip_test,recalibration_images'

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
      ...protocolCells(row.protocol),
    ].join(','),
  )
  return `${[HEAD, ...lines].join('\n')}\n`
}

/** Empty until the candidate is scored; boxes are empty where the score has none. */
function protocolCells(protocol: CandidateRow['protocol']): (string | number | boolean)[] {
  return protocol === null
    ? ['', '', '', '', '', '', '']
    : [
        quoted(protocol.metric),
        protocol.split,
        protocol.samples,
        protocol.boxes ?? '',
        `${String(protocol.inputHeight)}x${String(protocol.inputWidth)}`,
        protocol.flipTest,
        protocol.recalibrationImages,
      ]
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
