import type { CandidateRow, Protocol } from '../../src-main/contract/index.ts'
import { originText } from './origin-text.ts'

type Cell = string | number | boolean

/** How a score was measured, a column each; a protocol that lacks the point leaves its cell empty. */
const PROTOCOL_COLUMNS: readonly (readonly [name: string, cell: (protocol: Protocol) => Cell | undefined])[] =
  [
    ['metric', ({ metric }) => quoted(metric)],
    ['split', ({ split }) => split],
    ['samples', ({ samples }) => samples],
    ['boxes', ({ boxes }) => boxes],
    ['input', ({ inputHeight, inputWidth }) => `${String(inputHeight)}x${String(inputWidth)}`],
    ['flip_test', ({ flipTest }) => flipTest],
    ['recalibration_images', ({ recalibrationImages }) => recalibrationImages],
    ['detection_file', ({ detectionFile }) => quotedIfThere(detectionFile)],
    ['detection_fingerprint', ({ detectionFingerprint }) => detectionFingerprint],
    ['detection_threshold', ({ detectionThreshold }) => detectionThreshold],
    ['pictures', ({ pictures }) => pictures],
    ['scales', ({ scales }) => quotedIfThere(scales)],
    ['grouping', ({ grouping }) => quotedIfThere(grouping)],
    ['recalibration_seed', ({ recalibrationSeed }) => recalibrationSeed],
    ['dataset_fingerprint', ({ datasetFingerprint }) => datasetFingerprint],
    ['search_sees_report', ({ searchSeesReport }) => searchSeesReport ?? false],
    ['backend', ({ backend }) => quoted(backend)],
  ]

const HEAD = [
  'number,genotype_id,generation,state,macs,params,accuracy,on_front,origin',
  ...PROTOCOL_COLUMNS.map(([name]) => name),
].join(',')

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

/** Empty until the candidate is scored. */
function protocolCells(protocol: Protocol | null): readonly Cell[] {
  return PROTOCOL_COLUMNS.map(([, cell]) => (protocol === null ? '' : (cell(protocol) ?? '')))
}

function quotedIfThere(text: string | undefined): string | undefined {
  return text === undefined ? undefined : quoted(text)
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
