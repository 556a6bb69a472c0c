import type { Database } from 'better-sqlite3'
import { loadSqlite } from './load-sqlite.ts'

/** `integrity_check` reads every page and index; `quick_check` leaves out that indexes match their tables. */
export type IntegrityCheck = 'integrity_check' | 'quick_check'

/** What SQLite says of a database: "ok", or the first fault, on one line. */
export function askIntegrity(database: Database, check: IntegrityCheck = 'integrity_check'): string {
  return String(database.pragma(`${check}(1)`, { simple: true })).replaceAll(/\s+/g, ' ')
}

/** The same of a file; what is no database is thrown. */
export function checkDatabaseFile(file: string): string {
  const Sqlite = loadSqlite()
  const database = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    return askIntegrity(database)
  } finally {
    database.close()
  }
}
