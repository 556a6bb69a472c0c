import { existsSync } from 'node:fs'
import { EngineError } from '../../contract/index.ts'
import { listDataPaths, prepareDataFolder } from '../../store/data-folder.ts'
import type { DataPaths } from '../../store/data-folder.ts'
import { acquireEngineLock } from '../../store/engine-lock.ts'
import { restoreDatabase } from './restore-database.ts'
import type { DatabaseReport } from './restore-database.ts'

export interface RestoreOptions {
  readonly dataFolder: string
  /** A copy to put in place; null: the newest whole one, if the database cannot be used. */
  readonly from: string | null
  readonly now: () => number
}

export interface RestoreReport {
  readonly database: DatabaseReport
}

/**
 * Mends a data folder that no engine has.
 * @throws EngineError CONFLICT while an engine has it; NOT_FOUND, BAD_REQUEST or STORAGE when there is nothing to mend it with.
 */
export async function restore({ dataFolder, from, now }: RestoreOptions): Promise<RestoreReport> {
  const paths = listDataPaths(dataFolder)
  if (!existsSync(paths.root)) {
    throw new EngineError('NOT_FOUND', `There is no data folder ${paths.root}; give one with --data.`)
  }
  await prepareDataFolder(paths)
  return withLock(paths, () => ({ database: restoreDatabase(paths, from, now()) }))
}

function withLock<T>(paths: DataPaths, work: () => T): T {
  const lock = acquireEngineLock(paths)
  try {
    return work()
  } finally {
    lock.release()
  }
}
