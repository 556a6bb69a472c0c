import { existsSync, statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type { DataPaths } from '../../store/data-folder.ts'
import { inspectCopies } from '../../store/damaged-database.ts'
import { inspectCopy } from '../../store/inspect-copy.ts'
import type { CopyFacts } from '../../store/inspect-copy.ts'
import { findDatabaseFault, putCopyInPlace } from '../../store/replace-database.ts'
import { listRunFolders } from '../../store/run-folders.ts'

export interface DatabaseReport {
  readonly database: string
  /** What was wrong with the database that lay there; null: nothing. */
  readonly fault: string | null
  /** Newest first. */
  readonly copies: readonly CopyFacts[]
  /** What is in place now; null: nothing was put there. */
  readonly placed: CopyFacts | null
  /** Where the old database lies now; null: there was none, or it stays. */
  readonly aside: string | null
  /** Runs whose folders no row of the copy names. */
  readonly unnamedRuns: readonly string[]
  /** Runs of the copy whose folders were written to after it was made. */
  readonly laterRuns: readonly string[]
}

/**
 * Puts the newest whole copy, or the one that was asked for, in the place of a database that cannot be used. One that can be used stays
 * unless a copy was asked for. The caller holds the lock of the folder.
 * @throws EngineError STORAGE when there is no whole copy, NOT_FOUND or BAD_REQUEST for one that was asked for and cannot be used.
 */
export function restoreDatabase(paths: DataPaths, from: string | null, now: number): DatabaseReport {
  const fault = findDatabaseFault(paths)
  const copies = inspectCopies(paths)
  const idle = { placed: null, aside: null, unnamedRuns: [], laterRuns: [] }
  if (from === null && fault === null) {
    return { database: paths.database, fault, copies, ...idle }
  }
  const placed = from === null ? requireGoodCopy(paths, copies, fault) : requireCopy(paths, from)
  const aside = putCopyInPlace(paths, placed.file, now)
  const known = new Set(placed.runIds)
  const folders = listRunFolders(paths)
  return {
    ...{ database: paths.database, fault, copies, placed, aside },
    unnamedRuns: folders.filter((id) => !known.has(id)),
    laterRuns: folders.filter((id) => known.has(id) && lastWrite(paths.runFolder(id)) > placed.at),
  }
}

function requireGoodCopy(paths: DataPaths, copies: readonly CopyFacts[], fault: string | null): CopyFacts {
  const found = copies.find((copy) => copy.fault === null)
  if (found === undefined) {
    const count = copies.length === 0 ? 'no copy' : `no whole copy among ${copies.length}`
    throw new EngineError(
      'STORAGE',
      `The database ${paths.database} is not usable (${fault ?? 'whole'}), and there is ${count} in ${paths.backups}. Give a file with --from, or take the runs in from their folders with "scalenas restore --folders".`,
    )
  }
  return found
}

/** A path, or the name of a file in `backups`. */
function requireCopy(paths: DataPaths, from: string): CopyFacts {
  const candidates = isAbsolute(from) ? [from] : [resolve(from), join(paths.backups, from)]
  const file = candidates.find((candidate) => existsSync(candidate))
  if (file === undefined) {
    throw new EngineError('NOT_FOUND', `There is no copy ${candidates.join(' or ')}.`)
  }
  if (resolve(file) === paths.database) {
    throw new EngineError('BAD_REQUEST', `${file} is the database itself; give a copy of it.`)
  }
  const copy = inspectCopy(file, Math.round(statSync(file).mtimeMs))
  if (copy.fault !== null) {
    throw new EngineError('BAD_REQUEST', `The copy ${file} cannot be put in place: ${copy.fault}.`)
  }
  return copy
}

/** The folders that a run at work writes into; their times change with every file that comes or goes. */
function lastWrite(runFolder: string): number {
  const places = ['', 'checkpoints', 'logs', 'results.json'].map((name) => join(runFolder, name))
  return Math.max(...places.map((place) => statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? 0))
}
