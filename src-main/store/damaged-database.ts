import { EngineError } from '../contract/index.ts'
import type { DataPaths } from './data-folder.ts'
import { listCopies } from './database-copies.ts'
import { inspectCopy } from './inspect-copy.ts'
import type { CopyFacts } from './inspect-copy.ts'

/** Every copy with what it is worth, newest first. */
export function inspectCopies(paths: DataPaths): CopyFacts[] {
  return listCopies(paths.backups).map(({ file, at }) => inspectCopy(file, at))
}

/** The newest copy that can be put in place; older ones are not read. */
export function findNewestGoodCopy(paths: DataPaths): CopyFacts | null {
  for (const { file, at } of listCopies(paths.backups)) {
    const facts = inspectCopy(file, at)
    if (facts.fault === null) {
      return facts
    }
  }
  return null
}

/** The sentence for a database that SQLite finds broken, with the command that mends it and what that brings back. */
export function damagedError(paths: DataPaths, reason: string): EngineError {
  const copy = findNewestGoodCopy(paths)
  const remedy =
    copy === null
      ? `There is no whole copy of it in ${paths.backups}; "scalenas restore --folders" makes a new one of the run folders.`
      : `"scalenas restore" puts the copy of ${new Date(copy.at).toISOString()} in its place (${copy.runIds?.length ?? 0} runs).`
  return new EngineError(
    'STORAGE',
    `The database ${paths.database} is damaged (${reason}). Nothing was changed. ${remedy}`,
  )
}
