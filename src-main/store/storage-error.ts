import { EngineError, toErrorInfo, fromErrorInfo } from '../contract/index.ts'

const FULL = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT'])
const UNWRITABLE = new Set(['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'EROFS', 'EACCES', 'EPERM'])

/**
 * What a full disk or a used-up quota can look like beside {@link FULL}: growing the index of the write-ahead log, a write or a
 * sync that the file system only then finds no room for (quota, network, delayed allocation).
 */
const FULL_IN_DISGUISE = new Set([
  'SQLITE_IOERR_WRITE',
  'SQLITE_IOERR_FSYNC',
  'SQLITE_IOERR_DIR_FSYNC',
  'SQLITE_IOERR_TRUNCATE',
  'SQLITE_IOERR_SHMSIZE',
  'SQLITE_IOERR_SHMMAP',
])
/** Somebody else has the database or the system for a moment. */
const HELD = new Set(['EAGAIN', 'EBUSY', 'EMFILE', 'ENFILE'])
/** A chain of causes is two or three long; a bound keeps one that bites its tail from holding us. */
const MAX_CAUSES = 8

/**
 * Whether the same database write can succeed later without anybody mending a file: space is freed, another program lets go of the
 * database. False for damage, missing rights, a removed disk and every error of ours: repeating such a write never ends.
 */
export function canHeal(thrown: unknown): boolean {
  let error = thrown
  for (let depth = 0; depth < MAX_CAUSES && error instanceof Error; depth += 1) {
    const code = codeOf(error)
    if (FULL.has(code) || FULL_IN_DISGUISE.has(code) || HELD.has(code) || isBusy(code)) {
      return true
    }
    error = error.cause
  }
  return false
}

/** Anything thrown as an EngineError; what disk and database say becomes STORAGE with words for a person. */
export function toEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) {
    return thrown
  }
  const code = codeOf(thrown)
  if (FULL.has(code)) {
    const advice = 'Free space and resume; what is stored is intact.'
    return because(
      new EngineError('STORAGE', `The disk of the data folder is full (${code}). ${advice}`),
      thrown,
    )
  }
  if (code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')) {
    const advice = 'Stop the engine and run "scalenas restore", which puts a copy in its place.'
    return because(new EngineError('STORAGE', `The database is damaged (${code}). ${advice}`), thrown)
  }
  if (UNWRITABLE.has(code) || code.startsWith('SQLITE_IOERR')) {
    return because(new EngineError('STORAGE', `The data folder cannot be written (${code}).`), thrown)
  }
  return because(fromErrorInfo(toErrorInfo(thrown)), thrown)
}

/** The cause stays with the error, so that {@link canHeal} answers alike before and after. */
function because(error: EngineError, cause: unknown): EngineError {
  error.cause = cause
  return error
}

/** Both have variants with a suffix; the plain prefix would take SQLITE_BUSY for a wider family than it is. */
function isBusy(code: string): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)(?:_|$)/.test(code)
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}
