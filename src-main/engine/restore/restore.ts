import { existsSync } from 'node:fs'
import { EngineError } from '../../contract/index.ts'
import { listDataPaths, prepareDataFolder } from '../../store/data-folder.ts'
import type { DataPaths } from '../../store/data-folder.ts'
import { acquireEngineLock } from '../../store/engine-lock.ts'
import { findDatabaseFault, setDatabaseAside } from '../../store/replace-database.ts'
import { openStore } from '../../store/store.ts'
import { restoreDatabase } from './restore-database.ts'
import type { DatabaseReport } from './restore-database.ts'
import { restoreFolders } from './restore-folders.ts'
import type { FolderReport } from './restore-folders.ts'

export interface RestoreOptions {
  readonly dataFolder: string
  /** A copy to put in place; null: the newest whole one, if the database cannot be used. */
  readonly from: string | null
  /** Take in run folders that the database does not name. Without `from`, a database that cannot be used then becomes a new one. */
  readonly folders: boolean
  readonly now: () => number
}

export interface RestoreReport {
  /** Null: no copy was asked for, only folders. */
  readonly database: DatabaseReport | null
  /** Where a database lies now that a new one took the place of; null: none did. */
  readonly aside: string | null
  readonly folders: readonly FolderReport[]
}

/**
 * Mends a data folder that no engine has.
 * @throws EngineError CONFLICT while an engine has it; NOT_FOUND, BAD_REQUEST or STORAGE when there is nothing to mend it with.
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const { dataFolder, from, folders, now } = options
  const paths = listDataPaths(dataFolder)
  if (!existsSync(paths.root)) {
    throw new EngineError('NOT_FOUND', `There is no data folder ${paths.root}; give one with --data.`)
  }
  await prepareDataFolder(paths)
  const lock = acquireEngineLock(paths)
  try {
    const database = folders && from === null ? null : restoreDatabase(paths, from, now())
    if (!folders) {
      return { database, aside: null, folders: [] }
    }
    const isUsable = findDatabaseFault(paths) === null
    const aside = isUsable ? null : setDatabaseAside(paths, now())
    return { database, aside, folders: await takeIn(paths, now) }
  } finally {
    lock.release()
  }
}

async function takeIn(paths: DataPaths, now: () => number): Promise<FolderReport[]> {
  const store = await openStore(paths, { replacesLostDatabase: true })
  try {
    return restoreFolders(store, now)
  } finally {
    store.close()
  }
}
