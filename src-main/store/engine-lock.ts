import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { EngineError } from '../contract/index.ts'
import type { DataPaths } from './data-folder.ts'

/** Who works on a data folder. Lies in `engine.lock`; its token lies beside it, readable by the owner only. */
export interface LockHolder {
  readonly pid: number
  /** Start time of that process in clock ticks (Linux), so that a reused pid is not taken for the engine. */
  readonly processStart: string | null
  /** Null until the engine listens. */
  readonly url: string | null
  readonly nonce: string
}

export interface EngineLock {
  /** Says where the engine listens, for the command line to find it. */
  publish(url: string, token: string): void
  release(): void
}

/**
 * Takes the data folder for this process. A lock left by a killed engine is recognised (its process is gone) and replaced.
 * @throws EngineError CONFLICT with pid and address of the engine that has it.
 */
export function acquireEngineLock(paths: DataPaths): EngineLock {
  const own: LockHolder = {
    pid: process.pid,
    processStart: readProcessStart(process.pid),
    url: null,
    nonce: randomUUID(),
  }
  const draft = `${paths.lock}.${own.nonce}`
  writeFileSync(draft, JSON.stringify(own))
  try {
    if (!tryLink(draft, paths.lock)) {
      removeStaleLock(paths)
      if (!tryLink(draft, paths.lock)) {
        throw heldError(paths, readLockHolder(paths))
      }
    }
  } finally {
    unlinkSync(draft)
  }
  return createLock(paths, own)
}

/** The live engine of a data folder, or null when there is none. */
export function findLiveEngine(paths: DataPaths): LockHolder | null {
  const holder = readLockHolder(paths)
  return holder !== null && isAlive(holder) ? holder : null
}

export function readEngineToken(paths: DataPaths): string | null {
  return readIfPresent(paths.token)
}

function createLock(paths: DataPaths, own: LockHolder): EngineLock {
  const isOurs = (): boolean => readLockHolder(paths)?.nonce === own.nonce
  return {
    publish(url, token) {
      // A file that a killed engine left keeps its mode, so it goes first.
      removeIfPresent(paths.token)
      writeFileSync(paths.token, token, { mode: 0o600 })
      const draft = `${paths.lock}.${own.nonce}`
      writeFileSync(draft, JSON.stringify({ ...own, url }))
      renameSync(draft, paths.lock)
    },
    release() {
      if (isOurs()) {
        removeIfPresent(paths.token)
        removeIfPresent(paths.lock)
      }
    },
  }
}

/** Moves a dead engine's lock aside. Two starters may race here: whoever moved a live lock by mistake puts it back. */
function removeStaleLock(paths: DataPaths): void {
  const holder = readLockHolder(paths)
  if (holder !== null && isAlive(holder)) {
    throw heldError(paths, holder)
  }
  const aside = `${paths.lock}.stale-${randomUUID()}`
  try {
    renameSync(paths.lock, aside)
  } catch (thrown) {
    if (isMissing(thrown)) {
      return
    }
    throw thrown
  }
  const moved = parseHolder(readIfPresent(aside))
  if (moved !== null && moved.nonce !== holder?.nonce && isAlive(moved)) {
    tryLink(aside, paths.lock)
    unlinkSync(aside)
    throw heldError(paths, moved)
  }
  unlinkSync(aside)
}

function heldError(paths: DataPaths, holder: LockHolder | null): EngineError {
  const who = holder === null ? 'another engine' : `the engine with process id ${holder.pid}`
  const where = holder?.url === null || holder === null ? '' : ` (${holder.url})`
  return new EngineError(
    'CONFLICT',
    `The data folder ${paths.root} is in use by ${who}${where}. Use that engine, stop it, or give another folder with --data.`,
  )
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (thrown) {
    if (hasCode(thrown, 'EEXIST')) {
      return false
    }
    throw thrown
  }
}

function readLockHolder(paths: DataPaths): LockHolder | null {
  return parseHolder(readIfPresent(paths.lock))
}

/** A half-written or foreign file counts as no holder: it names no process that could be alive. */
function parseHolder(text: string | null): LockHolder | null {
  if (text === null) {
    return null
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') {
      return null
    }
    const url = 'url' in value && typeof value.url === 'string' ? value.url : null
    const start =
      'processStart' in value && typeof value.processStart === 'string' ? value.processStart : null
    const nonce = 'nonce' in value && typeof value.nonce === 'string' ? value.nonce : ''
    return { pid: value.pid, processStart: start, url, nonce }
  } catch {
    return null
  }
}

function isAlive(holder: LockHolder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (thrown) {
    // EPERM: alive, but of another user.
    if (!hasCode(thrown, 'EPERM')) {
      return false
    }
  }
  return holder.processStart === null || holder.processStart === readProcessStart(holder.pid)
}

/** Field 22 of /proc/PID/stat; null where there is no /proc. A zombie is as good as dead. */
function readProcessStart(pid: number): string | null {
  const stat = readIfPresent(`/proc/${pid}/stat`)
  if (stat === null) {
    return null
  }
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return afterName[0] === 'Z' ? 'zombie' : (afterName[19] ?? null)
}

function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (thrown) {
    if (isMissing(thrown)) {
      return null
    }
    throw thrown
  }
}

function removeIfPresent(file: string): void {
  try {
    unlinkSync(file)
  } catch (thrown) {
    if (!isMissing(thrown)) {
      throw thrown
    }
  }
}

function isMissing(thrown: unknown): boolean {
  return hasCode(thrown, 'ENOENT') || hasCode(thrown, 'ESRCH')
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code
}
