import { createRequire } from 'node:module'
import type Sqlite from 'better-sqlite3'
import { EngineError } from '../contract/index.ts'

/** better-sqlite3 13 crashes the whole process on an older Node-API, so it is checked before the import. */
const NEEDED_NODE_API = 10

/**
 * The database driver, loaded at the first call.
 * @throws EngineError MISSING_PART on a runtime that cannot load it.
 */
export function loadSqlite(): typeof Sqlite {
  assertNodeApi(process.versions)
  return createRequire(import.meta.url)('better-sqlite3') as typeof Sqlite
}

export function assertNodeApi(versions: Readonly<Record<string, string | undefined>>): void {
  if (!(Number(versions['napi']) >= NEEDED_NODE_API)) {
    throw new EngineError(
      'MISSING_PART',
      `The database driver needs Node-API ${NEEDED_NODE_API} (Node 22.14 or newer), this is Node ${versions['node'] ?? '?'} with Node-API ${versions['napi'] ?? 'none'}. Run "npm run setup" and start with "npx scalenas".`,
    )
  }
}
