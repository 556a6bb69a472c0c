import { mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { EngineError } from '../contract/index.ts'

export interface Migration {
  /** Numbered by tens; `PRAGMA user_version` holds the newest one applied. */
  readonly version: number
  readonly sql: string
}

/** Copies of the last migrations are kept, older ones are of no use to anyone. */
const KEPT_COPIES = 3

/**
 * Brings a database up to the newest migration, each in its own transaction, after copying it to `backupFolder` (a new one has
 * nothing to copy).
 * @throws EngineError STORAGE when the database was made by a newer version.
 */
export function migrate(database: Database, migrations: readonly Migration[], backupFolder: string): void {
  const current = readVersion(database)
  const newest = migrations.at(-1)?.version ?? 0
  if (current > newest) {
    throw new EngineError(
      'STORAGE',
      `The database has version ${current}, this program knows versions up to ${newest}. Use the newer program, or another data folder.`,
    )
  }
  const pending = migrations.filter((migration) => migration.version > current)
  for (const migration of pending) {
    if (current > 0) {
      copyDatabase(database, backupFolder)
    }
    database.transaction(() => {
      database.exec(migration.sql)
      database.pragma(`user_version = ${migration.version}`)
    })()
  }
}

export function readVersion(database: Database): number {
  return Number(database.pragma('user_version', { simple: true }))
}

/** `VACUUM INTO` writes a consistent copy, the write-ahead log included. */
function copyDatabase(database: Database, backupFolder: string): void {
  mkdirSync(backupFolder, { recursive: true })
  const version = String(readVersion(database)).padStart(4, '0')
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-')
  database
    .prepare('VACUUM INTO ?')
    .run(join(backupFolder, `studio-${stamp}-before-${version}-changes.sqlite`))
  const copies = readdirSync(backupFolder).filter((file) => file.startsWith('studio-'))
  for (const old of copies.toSorted().slice(0, -KEPT_COPIES)) {
    unlinkSync(join(backupFolder, old))
  }
}
