import { chmodSync, statSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3'
import { EngineError } from '../contract/index.ts'
import { damagedError } from './damaged-database.ts'
import type { DataPaths } from './data-folder.ts'
import { askIntegrity } from './integrity.ts'
import { loadSqlite } from './load-sqlite.ts'
import { migrate } from './migrate.ts'
import type { Migration } from './migrate.ts'
import { ALL_MIGRATIONS } from './migrations/all-migrations.ts'
import * as schema from './schema.ts'

/** The handle that every query takes. `$client` is the driver below, for pragmas and closing. */
export type StudioDatabase = BetterSQLite3Database<typeof schema> & { readonly $client: Database }

/** A transaction offers the same queries. */
export type Queryable = Pick<
  StudioDatabase,
  'select' | 'insert' | 'update' | 'delete' | 'all' | 'get' | 'run'
>

/** A writer of this engine never holds the lock this long; another program (a backup) may. */
const BUSY_TIMEOUT_MS = 5000
/** The full check reads every page and index; above this size the quick one has to do, or the start takes seconds. */
const FULL_CHECK_LIMIT_BYTES = 64 * 2 ** 20

/**
 * Opens studio.sqlite: WAL, foreign keys, integrity check, migrations with a copy before each.
 * @throws EngineError MISSING_PART on a runtime that cannot load the driver, STORAGE when the file is damaged.
 */
export async function openDatabase(
  paths: DataPaths,
  migrations: readonly Migration[] = ALL_MIGRATIONS,
): Promise<StudioDatabase> {
  const Sqlite = loadSqlite()
  const { drizzle } = await import('drizzle-orm/better-sqlite3')
  let client: Database | null = null
  try {
    client = new Sqlite(paths.database)
    client.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
    checkIntegrity(client, paths)
    // Log and index get the mode of the database.
    chmodSync(paths.database, 0o600)
    client.pragma('journal_mode = WAL')
    client.pragma('synchronous = NORMAL')
    client.pragma('foreign_keys = ON')
    migrate(client, migrations, paths.backups)
    return drizzle(client, { schema })
  } catch (thrown) {
    client?.close()
    throw damaged(thrown, paths)
  }
}

function checkIntegrity(client: Database, paths: DataPaths): void {
  const check = statSync(paths.database).size > FULL_CHECK_LIMIT_BYTES ? 'quick_check' : 'integrity_check'
  const answer = askIntegrity(client, check)
  if (answer !== 'ok') {
    throw damagedError(paths, answer)
  }
}

function damaged(thrown: unknown, paths: DataPaths): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    return damagedError(paths, code)
  }
  if (code.startsWith('SQLITE_')) {
    return new EngineError('STORAGE', `The database ${paths.database} cannot be opened (${code}).`)
  }
  return thrown
}
