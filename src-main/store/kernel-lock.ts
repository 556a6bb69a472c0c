import { existsSync, statSync, truncateSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { EngineError } from '../contract/index.ts'
import { loadSqlite } from './load-sqlite.ts'

/**
 * A lock that the kernel holds for a process: an exclusive transaction on a small SQLite database in which nothing is ever written.
 * It ends with the process however that dies, and it binds every process that sees the same file: those of other containers and of
 * other process namespaces too, where process ids mean nothing.
 *
 * Its locks are POSIX locks, which a process loses when it closes ANY descriptor of the file. SQLite minds that among its own
 * connections; nothing else in this program may open the file (looking at it with stat is safe).
 */
export interface KernelLock {
  release(): void
}

/**
 * Whoever looks whether the lock is held shares it for a moment, and of several that want it all but one stand aside and come back.
 * SQLite counts the pauses, not the time that a busy machine takes away.
 */
const WAIT_MS = 1000

/** A connection that nothing refers to is closed by the garbage collector, and its lock would be gone in the middle of the work. */
const held = new Set<Database>()

/**
 * @returns null when another process, or another part of this one, has the lock.
 * @throws EngineError STORAGE when the file cannot be a lock.
 */
export function takeKernelLock(file: string): KernelLock | null {
  return withReason(file, () => {
    emptyForeignContent(file)
    const Sqlite = loadSqlite()
    const connection = new Sqlite(file, { timeout: WAIT_MS })
    try {
      // A journal in memory: no second file that a kill could leave behind.
      connection.pragma('journal_mode = MEMORY')
      connection.exec('BEGIN EXCLUSIVE')
    } catch (thrown) {
      connection.close()
      if (isBusy(thrown)) {
        return null
      }
      throw thrown
    }
    held.add(connection)
    return {
      release: () => {
        held.delete(connection)
        connection.close()
      },
    }
  })
}

/** Looks from outside, without harm to the holder. @throws EngineError STORAGE when the file cannot be asked. */
export function isKernelLocked(file: string): boolean {
  if (!existsSync(file)) {
    return false
  }
  return withReason(file, () => {
    const Sqlite = loadSqlite()
    let connection: Database | null = null
    try {
      connection = new Sqlite(file, { readonly: true, timeout: 0 })
      connection.prepare('SELECT count(*) FROM sqlite_schema').get()
      return false
    } catch (thrown) {
      if (isBusy(thrown)) {
        return true
      }
      if (codeOf(thrown) === 'SQLITE_NOTADB') {
        // Its content could be read, so nobody holds it; the next engine empties it.
        return false
      }
      throw thrown
    } finally {
      connection?.close()
    }
  })
}

/** What is no empty file is not of our making. It is emptied in its place: a new file would be a second lock beside the first. */
function emptyForeignContent(file: string): void {
  const facts = statSync(file, { throwIfNoEntry: false })
  if (facts?.isFile() === false) {
    throw new EngineError('STORAGE', `The lock ${file} is no file but something else. Remove it.`)
  }
  if (facts !== undefined && facts.size > 0) {
    truncateSync(file, 0)
  }
}

function withReason<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof EngineError) {
      throw thrown
    }
    throw new EngineError(
      'STORAGE',
      `The lock ${file} cannot be taken (${codeOf(thrown)}). The data folder must be on a disk with file locks and belong to you; choose another with --data or SCALENAS_DATA.`,
    )
  }
}

function isBusy(thrown: unknown): boolean {
  return codeOf(thrown).startsWith('SQLITE_BUSY')
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
}
