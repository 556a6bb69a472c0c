import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from 'better-sqlite3'
import { EngineError } from '../contract/index.ts'
import { checkDatabaseFile } from './integrity.ts'

/**
 * Writes a copy of a database, its write-ahead log included. It appears under its name only when it is whole, checked and on the disk.
 * @throws EngineError STORAGE when the copy is not sound; then there is none.
 */
export function writeCopy(database: Database, target: string): void {
  const draft = draftOf(target)
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  rmSync(draft, { force: true })
  try {
    database.prepare('VACUUM INTO ?').run(draft)
    const answer = checkDatabaseFile(draft)
    if (answer !== 'ok') {
      throw new EngineError('STORAGE', `The copy ${target} would be damaged (${answer}), so it is not kept.`)
    }
    settle(draft, target)
  } catch (thrown) {
    rmSync(draft, { force: true })
    throw thrown
  }
}

/** The name under which a file is written until it is whole; the sweep of an engine's start knows it. */
export function draftOf(target: string): string {
  return `${target}.tmp-${process.pid}`
}

/** Gives a finished draft its name, so that a power cut leaves the old file or the new one. */
export function settle(draft: string, target: string): void {
  chmodSync(draft, 0o600)
  sync(draft)
  renameSync(draft, target)
  // A rename is durable only once its folder is synced; Windows cannot open folders and needs no such sync.
  if (process.platform !== 'win32') {
    sync(dirname(target))
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
