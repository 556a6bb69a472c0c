import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from 'better-sqlite3'
import { EngineError } from '../contract/index.ts'
import { listCopies, migrationCopyName, surplusCopies } from './database-copies.ts'
import { writeCopy } from './write-copy.ts'

export interface Migration {
  /** Numbered by tens; `PRAGMA user_version` holds the newest one applied. */
  readonly version: number
  readonly sql: string
}

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
      copyBefore(database, backupFolder)
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

function copyBefore(database: Database, backupFolder: string): void {
  writeCopy(database, join(backupFolder, migrationCopyName(Date.now(), readVersion(database))))
  surplusCopies(listCopies(backupFolder), 'migration').forEach((file) => {
    rmSync(file, { force: true })
  })
}
