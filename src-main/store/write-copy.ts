import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database } from 'better-sqlite3'
import { EngineError } from '../contract/index.ts'
import { draftOf, settle } from '../files/write-whole.ts'
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
    chmodSync(draft, 0o600)
    settle(draft, target)
  } catch (thrown) {
    rmSync(draft, { force: true })
    throw thrown
  }
}
