import { existsSync } from 'node:fs'
import { EngineError } from '../contract/index.ts'
import { listDataPaths } from '../store/data-folder.ts'
import { readKeptToken, renewKeptToken } from '../store/kept-token.ts'

/**
 * The token that the next engine of a data folder will take.
 * @throws EngineError NOT_FOUND when there is none yet, CONFLICT when that engine will replace it.
 */
export function readStoredToken(dataFolder: string): string {
  const file = listDataPaths(dataFolder).keptToken
  const kept = readKeptToken(file)
  switch (kept.kind) {
    case 'kept':
      return kept.token
    case 'absent':
      throw new EngineError(
        'NOT_FOUND',
        `${dataFolder} has no token yet; the first engine makes it ("scalenas serve").`,
      )
    case 'unusable':
      throw new EngineError(
        'CONFLICT',
        `The token file ${file} ${kept.reason}. The next engine replaces it, "scalenas token --renew" does so now.`,
      )
    default: {
      const unknown: never = kept
      throw new TypeError(`unknown kind of token ${JSON.stringify(unknown)}`)
    }
  }
}

/** Only where no engine runs: one that does has to know of it (`system.renewToken`). @throws EngineError NOT_FOUND, STORAGE. */
export function renewStoredToken(dataFolder: string): string {
  const { root, keptToken } = listDataPaths(dataFolder)
  if (!existsSync(root)) {
    throw new EngineError(
      'NOT_FOUND',
      `There is no data folder ${root}; the first engine makes it and its token.`,
    )
  }
  return renewKeptToken(keptToken)
}
