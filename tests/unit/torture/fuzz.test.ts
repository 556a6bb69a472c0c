import { describe, expect, it } from 'vitest'
import { FAULT_READERS } from '../../torture/fuzz-faults.ts'
import { formatRows } from '../../torture/fuzz-report.ts'
import { runFuzz } from '../../torture/fuzz.ts'

describe('damaged files', { timeout: 300_000 }, () => {
  it('crash, hang, bloat and fool no reader', async () => {
    const finds: string[] = []
    const result = await runFuzz({ files: 4000, seed: 11, report: (line) => finds.push(line) })
    expect(finds.join('\n')).toBe('')
    expect(result.rows.reduce((sum, { files }) => sum + files, 0)).toBeGreaterThanOrEqual(4000)
    for (const { reader, refused } of result.rows) {
      expect(refused, `${reader} refuses none of its damaged files`).toBeGreaterThan(0)
    }
  })

  it('would be told if one did', async () => {
    const only = FAULT_READERS.map(({ name }) => name)
    const { rows, finds } = await runFuzz({
      ...{ files: only.length, seed: 1, only, hangCpuMs: 3000, report: () => undefined },
    })
    const kinds = ['raw', 'damaged', 'polluted', 'large', 'slow', 'crashes', 'hangs'] as const
    expect(rows.map((row) => kinds.filter((kind) => row[kind] > 0).join())).toEqual(kinds.map(String))
    expect(finds).toHaveLength(only.length)
    expect(formatRows(rows)).toMatch(/fault: hang +1 .*\n/)
  })
})
