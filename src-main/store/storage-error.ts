import { EngineError, toErrorInfo, fromErrorInfo } from '../contract/index.ts'

const FULL = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT'])
const UNWRITABLE = new Set(['SQLITE_READONLY', 'SQLITE_CANTOPEN', 'EROFS', 'EACCES', 'EPERM'])

/** Anything thrown as an EngineError; what disk and database say becomes STORAGE with words for a person. */
export function toEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) {
    return thrown
  }
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (FULL.has(code)) {
    return new EngineError(
      'STORAGE',
      `The disk of the data folder is full (${code}). Free space and resume; what is stored is intact.`,
    )
  }
  if (UNWRITABLE.has(code) || code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CORRUPT')) {
    return new EngineError('STORAGE', `The data folder cannot be written (${code}).`)
  }
  return fromErrorInfo(toErrorInfo(thrown))
}
