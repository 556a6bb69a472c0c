import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { draftOf } from '../files/write-whole.ts'
import type { DataPaths } from './data-folder.ts'

/**
 * Who works on a data folder, as `engine.lock` tells it. It is for messages and for finding the engine's address; whether that
 * engine lives is told by the lock of the kernel.
 */
export interface LockHolder {
  readonly pid: number
  /** Name of the machine or container; null in a file of version 0.1, which held no lock of the kernel. */
  readonly host: string | null
  /** Start time of the process in clock ticks (Linux), by which version 0.1 tells a process id that was used again. */
  readonly processStart: string | null
  /** Null until the engine listens. */
  readonly url: string | null
  readonly nonce: string
}

/** A missing, unreadable, half-written or foreign file names nobody. */
export function readLockHolder(paths: DataPaths): LockHolder | null {
  return parseHolder(readText(paths.lock))
}

/** Replaces the file as a whole, so that nobody reads half of it. */
export function writeLockHolder(paths: DataPaths, holder: LockHolder): void {
  const draft = draftOf(paths.lock)
  try {
    writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 })
    renameSync(draft, paths.lock)
  } finally {
    rmSync(draft, { force: true })
  }
}

/** What the system says of processes, for tests to say something else. */
export interface ProcessFacts {
  isAlive(pid: number): boolean
  /** Null where the system does not tell. */
  startOf(pid: number): string | null
}

/**
 * Whether the holder is a living engine of version 0.1, which is known by its process id alone. Ids that no engine can have count as
 * dead: a signal to 0 or below goes to whole groups of processes and always finds somebody.
 */
export function isOldEngine(holder: LockHolder, facts: ProcessFacts = SYSTEM): boolean {
  if (holder.host !== null || !Number.isSafeInteger(holder.pid) || holder.pid <= 0) {
    return false
  }
  if (!facts.isAlive(holder.pid)) {
    return false
  }
  const start = facts.startOf(holder.pid)
  // Without start times the id may have been used again; two engines on one database would be worse than a refusal.
  return holder.processStart === null || start === null || holder.processStart === start
}

/** Field 22 of /proc/PID/stat; null where there is no /proc. A zombie is as good as dead. */
export function readProcessStart(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`)
  if (stat === null) {
    return null
  }
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return afterName[0] === 'Z' ? 'zombie' : (afterName[19] ?? null)
}

/** Alive, or of another user, which is as good. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}

const SYSTEM: ProcessFacts = { isAlive: isProcessAlive, startOf: readProcessStart }

function parseHolder(text: string | null): LockHolder | null {
  if (text === null) {
    return null
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') {
      return null
    }
    const textOf = (key: string): string | null => {
      const found = (value as Record<string, unknown>)[key]
      return typeof found === 'string' ? found : null
    }
    const { pid } = value
    return {
      ...{ pid, host: textOf('host'), processStart: textOf('processStart') },
      ...{ url: textOf('url'), nonce: textOf('nonce') ?? '' },
    }
  } catch {
    // No JSON: names nobody.
    return null
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Missing, a folder, of another user: whatever it says cannot be known.
    return null
  }
}
