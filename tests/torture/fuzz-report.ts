import { LARGE_MB, SLOW_MS } from './fuzz-case.ts'
import type { FuzzMessage } from './fuzz-case.ts'

/** What became of the files of one reader. */
export interface FuzzRow {
  readonly reader: string
  files: number
  refused: number
  accepted: number
  /** Errors that are no words for people. */
  raw: number
  /** Over a second of the processor. */
  slow: number
  /** Over 300 MB more. */
  large: number
  /** Damage that a check sum could have seen, accepted. */
  damaged: number
  polluted: number
  hangs: number
  crashes: number
  worstMs: number
  worstMB: number
}

export function emptyRow(reader: string): FuzzRow {
  return {
    ...{ reader, files: 0, refused: 0, accepted: 0, raw: 0, slow: 0, large: 0, damaged: 0, polluted: 0 },
    ...{ hangs: 0, crashes: 0, worstMs: 0, worstMB: 0 },
  }
}

export function countCase(
  row: FuzzRow,
  { outcome, cpuMs, grownMb }: Extract<FuzzMessage, { readonly kind: 'measured' }>,
): void {
  row.files += 1
  row[outcome] += 1
  row.slow += Number(cpuMs > SLOW_MS)
  row.large += Number(grownMb > LARGE_MB)
  row.worstMs = Math.max(row.worstMs, Math.round(cpuMs))
  row.worstMB = Math.max(row.worstMB, Math.round(grownMb))
}

const COLUMNS = [
  ...['files', 'refused', 'accepted', 'raw', 'slow', 'large', 'damaged', 'polluted', 'hangs', 'crashes'],
  ...['worstMs', 'worstMB'],
] as const satisfies readonly (keyof FuzzRow)[]

/** A line a reader, and one of all together. */
export function formatRows(rows: readonly FuzzRow[]): string {
  const sum = emptyRow('all')
  for (const row of rows) {
    for (const column of COLUMNS) {
      sum[column] = column.startsWith('worst')
        ? Math.max(sum[column], row[column])
        : sum[column] + row[column]
    }
  }
  const lines = [...rows, sum].map((row) => [row.reader, ...COLUMNS.map((column) => String(row[column]))])
  const table = [['reader', ...COLUMNS], ...lines]
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((line) => (line[column] ?? '').length))) ?? []
  return table
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
