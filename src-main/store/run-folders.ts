import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError, runIdSchema } from '../contract/index.ts'
import type { DataPaths } from './data-folder.ts'

const NAMED_FOLDERS = 3

/** Ids of the run folders that hold something, in order. Links and names that no run has are not ours. */
export function listRunFolders(paths: DataPaths): string[] {
  return listNames(paths.runs)
    .filter((name) => runIdSchema.safeParse(name).success && listNames(join(paths.runs, name)).length > 0)
    .toSorted()
}

/**
 * Without its database a data folder that has runs would look like a new one, and a new database would take its place in silence.
 * @throws EngineError STORAGE that names the folders and the commands that mend it.
 */
export function refuseLostDatabase(paths: DataPaths): void {
  const facts = statSync(paths.database, { throwIfNoEntry: false })
  if (facts !== undefined && facts.size > 0) {
    return
  }
  const folders = listRunFolders(paths)
  if (folders.length === 0) {
    return
  }
  const what = facts === undefined ? 'missing' : 'empty'
  throw new EngineError(
    'STORAGE',
    `The database ${paths.database} is ${what}, but ${paths.runs} holds ${describeFolders(folders)}. Nothing was changed. "scalenas restore" puts a copy of the database in its place, "scalenas restore --folders" takes the runs in from their folders.`,
  )
}

/** "2 runs (r-aaaaaa, r-bbbbbb)". */
export function describeFolders(folders: readonly string[]): string {
  const names = folders.slice(0, NAMED_FOLDERS).join(', ')
  const more = folders.length > NAMED_FOLDERS ? ', …' : ''
  return `${folders.length} ${folders.length === 1 ? 'run' : 'runs'} (${names}${more})`
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Missing, a file, of another user: nothing of ours can be seen there.
    return []
  }
}
