import { toErrorInfo } from '../../contract/index.ts'
import { listDataPaths } from '../../store/data-folder.ts'
import type { DataPaths } from '../../store/data-folder.ts'
import { describeFolders, listRunFolders } from '../../store/run-folders.ts'
import type { Store } from '../../store/store.ts'
import { takeInRun } from '../records/take-in-run.ts'

export interface FolderReport {
  readonly id: string
  /** `refused`: its records are missing or cannot be used; the folder is as it was. */
  readonly outcome: 'completed' | 'interrupted' | 'refused'
  readonly reason: string | null
}

/** Takes in every run folder that no row names; one that cannot be taken in keeps none of the others back. */
export function restoreFolders(store: Store, now: () => number): FolderReport[] {
  return listUnnamedRuns(store).map((id) => {
    try {
      return { id, outcome: takeInRun(store, id, now), reason: null }
    } catch (thrown) {
      return { id, outcome: 'refused', reason: toErrorInfo(thrown).message }
    }
  })
}

/** Ids of run folders that no row names. */
export function listUnnamedRuns({ runs, paths }: Pick<Store, 'runs' | 'paths'>): string[] {
  return withoutNamed(paths, runs.ids())
}

/** The same for who has no database: @param known - Ids of all runs that the engine lists. */
export function listUnnamedFolders(dataFolder: string, known: readonly string[]): string[] {
  return withoutNamed(listDataPaths(dataFolder), known)
}

/** What a person reads about them; null when there are none. */
export function describeUnnamed(ids: readonly string[]): string | null {
  return ids.length === 0
    ? null
    : `The database does not name ${describeFolders(ids)} whose folders are there. "scalenas restore --folders" takes them in.`
}

function withoutNamed(paths: DataPaths, ids: readonly string[]): string[] {
  const known = new Set(ids)
  return listRunFolders(paths).filter((id) => !known.has(id))
}
