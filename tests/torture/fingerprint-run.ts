import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'

/** Everything that must not depend on who was killed when: scores to the bit, fronts, report, and the bytes of the last weights. */
export interface RunFingerprint {
  readonly status: string
  readonly candidates: readonly unknown[]
  readonly reports: readonly unknown[]
  /** What each score is made of. */
  readonly pictures: readonly unknown[]
  readonly generations: readonly unknown[]
  /** SHA-256 of the newest checkpoint of each phase, by file name. */
  readonly files: Readonly<Record<string, string>>
}

/** Reads it from the database and the files themselves, not through the program. */
export function fingerprintRun(dataFolder: string, runId: string): RunFingerprint {
  const database = openForReading(dataFolder)
  try {
    const all = (sql: string): Record<string, unknown>[] =>
      database.prepare(sql).all(runId) as Record<string, unknown>[]
    return {
      status: statusOf(database, runId),
      candidates: all(
        'SELECT number, generation, state, genotype_id, macs, params, accuracy, metrics FROM candidates WHERE run_id = ? ORDER BY number',
      ).map(toBits),
      reports: all(
        `SELECT c.number, r.metrics FROM report_scores r JOIN candidates c ON c.id = r.candidate_id
         WHERE r.run_id = ? ORDER BY c.number`,
      ),
      pictures: all(
        `SELECT c.number, p.split, p.kind, hex(p.data) FROM picture_results p JOIN candidates c ON c.id = p.candidate_id
         WHERE p.run_id = ? ORDER BY c.number, p.split`,
      ),
      generations: all(
        'SELECT generation, hypervolume FROM generations WHERE run_id = ? ORDER BY generation',
      ).map(toBits),
      files: hashNewest(join(dataFolder, 'runs', runId, 'checkpoints')),
    }
  } finally {
    database.close()
  }
}

export function readRunState(
  dataFolder: string,
  runId: string,
): { readonly status: string; readonly phase: string } {
  const database = openForReading(dataFolder)
  try {
    const row = database.prepare('SELECT phase FROM runs WHERE id = ?').get(runId) as
      { readonly phase: string | null } | undefined
    return { status: statusOf(database, runId), phase: row?.phase ?? 'before' }
  } finally {
    database.close()
  }
}

/** @returns what SQLite finds wrong; empty for a whole database. */
export function checkIntegrity(dataFolder: string): readonly string[] {
  const database = openForReading(dataFolder)
  try {
    const rows = database.pragma('integrity_check') as { readonly integrity_check: string }[]
    return rows.map((row) => row.integrity_check).filter((line) => line !== 'ok')
  } finally {
    database.close()
  }
}

function openForReading(dataFolder: string): Database.Database {
  return new Database(join(dataFolder, 'studio.sqlite'), {
    readonly: true,
    fileMustExist: true,
    timeout: 10_000,
  })
}

function statusOf(database: Database.Database, runId: string): string {
  const row = database.prepare('SELECT status FROM runs WHERE id = ?').get(runId) as
    { readonly status: string } | undefined
  return row?.status ?? 'absent'
}

/** Numbers that are not whole, as the 64 bits that they are. */
function toBits(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === 'number' && !Number.isInteger(value)
        ? Buffer.from(Float64Array.of(value).buffer).toString('hex')
        : value,
    ]),
  )
}

function hashNewest(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.safetensors'))
  const newest = (phase: string): string =>
    files
      .filter((name) => name.startsWith(phase))
      .map((name) => name.slice(0, `${phase}-00000000`.length))
      .toSorted()
      .at(-1) ?? ''
  const bases = [newest('teacher'), newest('supernet')].filter((base) => base !== '')
  return Object.fromEntries(
    files
      .filter((name) => bases.some((base) => name.startsWith(base)))
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex'),
      ]),
  )
}
