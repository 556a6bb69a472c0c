import { listDataPaths, resolveDataFolder } from '../store/data-folder.ts'
import { findLiveEngine, readEngineToken } from '../store/engine-lock.ts'

export { resolveDataFolder }

export interface EngineAddress {
  readonly pid: number
  readonly url: string
  readonly token: string
}

/** The engine that works on a data folder now, if it listens already and its token may be read by this user. */
export function findEngine(dataFolder: string): EngineAddress | null {
  const paths = listDataPaths(dataFolder)
  const holder = findLiveEngine(paths)
  const token = readEngineToken(paths)
  if (holder === null || holder.url === null || token === null) {
    return null
  }
  return { pid: holder.pid, url: holder.url, token }
}
