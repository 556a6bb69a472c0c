import { statSync } from 'node:fs'
import { askIntegrity } from './integrity.ts'
import { loadSqlite } from './load-sqlite.ts'
import { readVersion } from './migrate.ts'
import { ALL_MIGRATIONS } from './migrations/all-migrations.ts'

/** What a copy of the database is worth. */
export interface CopyFacts {
  readonly file: string
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
  readonly bytes: number
  /** Null where it cannot be read. */
  readonly runIds: readonly string[] | null
  /** Null: it can be put in place. */
  readonly fault: string | null
}

/** Reads a copy from its first page to its last. Never throws: what is wrong with it is said in `fault`. */
export function inspectCopy(file: string, at: number): CopyFacts {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  try {
    return { file, at, bytes, ...readContent(file) }
  } catch (thrown) {
    const fault = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
    return { file, at, bytes, runIds: null, fault }
  }
}

function readContent(file: string): Pick<CopyFacts, 'runIds' | 'fault'> {
  const Sqlite = loadSqlite()
  const database = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    const answer = askIntegrity(database)
    if (answer !== 'ok') {
      return { runIds: null, fault: answer }
    }
    const version = readVersion(database)
    const newest = ALL_MIGRATIONS.at(-1)?.version ?? 0
    if (version === 0 || version > newest) {
      const fault = version === 0 ? 'no database of this program' : `schema ${version} of a newer program`
      return { runIds: null, fault }
    }
    const runIds = database.prepare('SELECT id FROM runs ORDER BY id').pluck().all().map(String)
    return { runIds, fault: null }
  } finally {
    database.close()
  }
}
