import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { draftOf, settle } from '../files/write-whole.ts'
import type { DataPaths } from './data-folder.ts'
import { toStamp } from './database-copies.ts'
import { askIntegrity } from './integrity.ts'
import { loadSqlite } from './load-sqlite.ts'

/** A write-ahead log belongs to one database alone: beside another one it would be taken for that one's newest pages. */
const COMPANIONS = ['', '-wal', '-shm'] as const

/** Null: every page of the database is sound. Else what is wrong with it, "missing" and "empty" among that. */
export function findDatabaseFault(paths: DataPaths): string | null {
  if (!existsSync(paths.database)) {
    return 'missing'
  }
  try {
    const Sqlite = loadSqlite()
    const database = new Sqlite(paths.database, { readonly: true, fileMustExist: true })
    try {
      const tables = database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()
      const answer = tables === 0 ? 'empty' : askIntegrity(database)
      return answer === 'ok' ? null : answer
    } finally {
      database.close()
    }
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
  }
}

/**
 * Sets the database with its log and index aside, under names that SQLite still opens together. The database goes first: one that is
 * missing is refused beside runs, one without its log would look whole.
 * @returns the new name, or null when there was none.
 */
export function setDatabaseAside(paths: DataPaths, now: number): string | null {
  const aside = `${paths.database}.damaged-${toStamp(now)}`
  const present = COMPANIONS.filter((suffix) => existsSync(`${paths.database}${suffix}`))
  for (const suffix of present) {
    renameSync(`${paths.database}${suffix}`, `${aside}${suffix}`)
  }
  return present.length === 0 ? null : aside
}

/** Puts a copy in the place of the database; the caller holds the lock of the folder. @returns where the old one lies now. */
export function putCopyInPlace(paths: DataPaths, copy: string, now: number): string | null {
  const draft = draftOf(paths.database)
  rmSync(draft, { force: true })
  try {
    vacuumInto(copy, draft)
    const aside = setDatabaseAside(paths, now)
    // Last, after the old log is out of the way.
    chmodSync(draft, 0o600)
    settle(draft, paths.database)
    return aside
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Not a copy of the file: one that a user made of a database in use has its newest rows in a log beside it. */
function vacuumInto(copy: string, draft: string): void {
  const Sqlite = loadSqlite()
  const database = new Sqlite(copy, { readonly: true, fileMustExist: true })
  try {
    database.prepare('VACUUM INTO ?').run(draft)
  } finally {
    database.close()
  }
}
