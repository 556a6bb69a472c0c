import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EngineError } from '../../../src-main/contract/index.ts'
import { canHeal, toEngineError } from '../../../src-main/store/storage-error.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

function withCode(code: string, cause?: unknown): Error {
  return Object.assign(new Error('x', { cause }), { code })
}

function caught(work: () => unknown): unknown {
  try {
    work()
  } catch (thrown) {
    return thrown
  }
  throw new Error('nothing was thrown')
}

describe('canHeal', () => {
  it.each([
    ...['SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_BUSY_RECOVERY', 'SQLITE_LOCKED'],
    ...['SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC', 'SQLITE_IOERR_SHMSIZE', 'ENOSPC', 'EDQUOT', 'EMFILE'],
  ])('is true for %s, which freed space or another program may end', (code) => {
    expect(canHeal(withCode(code))).toBe(true)
  })

  it.each([
    ...['SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_CORRUPT_VTAB', 'SQLITE_NOTADB', 'SQLITE_READONLY'],
    ...['SQLITE_READONLY_DBMOVED', 'SQLITE_IOERR_READ', 'SQLITE_IOERR_SHORT_READ', 'SQLITE_IOERR_CORRUPTFS'],
    ...['SQLITE_CANTOPEN', 'SQLITE_CONSTRAINT_CHECK', 'SQLITE_SCHEMA', 'SQLITE_ERROR', 'EROFS', 'EACCES'],
    ...['ENOENT', 'EIO'],
  ])('is false for %s, which no waiting mends', (code) => {
    expect(canHeal(withCode(code))).toBe(false)
  })

  it('is false for what is no error of a disk', () => {
    const others = [null, undefined, 'SQLITE_FULL', { code: 'SQLITE_FULL' }, new Error('SQLITE_FULL')]
    expect(others.map(canHeal)).toEqual([false, false, false, false, false])
    expect(canHeal(new EngineError('STORAGE', 'of unknown cause'))).toBe(false)
  })

  it('looks through what wraps the error, and answers alike for the error made of it', () => {
    expect(canHeal(new Error('query failed', { cause: withCode('SQLITE_FULL') }))).toBe(true)
    expect(canHeal(withCode('SQLITE_ERROR', withCode('SQLITE_CORRUPT')))).toBe(false)
    expect(canHeal(toEngineError(withCode('SQLITE_FULL')))).toBe(true)
    expect(canHeal(toEngineError(withCode('SQLITE_IOERR_FSYNC')))).toBe(true)
    expect(canHeal(toEngineError(withCode('SQLITE_BUSY')))).toBe(true)
    expect(canHeal(toEngineError(withCode('SQLITE_CORRUPT')))).toBe(false)
  })

  it('ends on a chain of causes that bites its tail', () => {
    const error = withCode('SQLITE_ERROR')
    error.cause = error
    expect(canHeal(error)).toBe(false)
  })

  describe('on what the driver itself throws', () => {
    let folder: ReturnType<typeof createTemporaryFolder>
    let file: string
    beforeEach(() => {
      folder = createTemporaryFolder()
      file = join(folder.folder, 'a.sqlite')
    })
    afterEach(() => {
      folder.remove()
    })

    it('tells a full database and a held one from one that is damaged or not writable', () => {
      const database = new Sqlite(file)
      database.exec('CREATE TABLE a (b TEXT)')
      database.pragma('max_page_count = 3')
      expect(canHeal(caught(() => database.exec('INSERT INTO a VALUES (zeroblob(100000))')))).toBe(true)

      database.exec('BEGIN IMMEDIATE')
      const second = new Sqlite(file, { timeout: 0 })
      expect(canHeal(caught(() => second.exec('BEGIN IMMEDIATE')))).toBe(true)
      second.close()
      database.close()

      const reader = new Sqlite(file, { readonly: true })
      expect(canHeal(caught(() => reader.exec('CREATE TABLE c (d)')))).toBe(false)
      reader.close()

      writeFileSync(file, 'no database, but long enough to be looked at as one, header and all')
      const broken = new Sqlite(file)
      expect(canHeal(caught(() => broken.exec('CREATE TABLE c (d)')))).toBe(false)
      broken.close()
    })
  })
})
