import { randomBytes, randomUUID } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { EngineError } from '../contract/index.ts'

const TOKEN_BYTES = 32
/** 32 bytes in base64url. */
const TOKEN_SHAPE = /^[A-Za-z0-9_-]{43}$/
const OWNER_ONLY = 0o600
const OTHERS = 0o077

/** What a data folder's token file is worth. */
export type KeptToken =
  | { readonly kind: 'kept'; readonly token: string }
  | { readonly kind: 'absent' }
  /** It may be known to others, or is none; `reason` completes "the token file …". */
  | { readonly kind: 'unusable'; readonly reason: string }

export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/**
 * The token of a data folder, made once, so that open tabs and saved addresses outlive the engine. A file that is no token, or that
 * others could read, is replaced.
 * @returns `notice`: what was replaced and why, else null.
 * @throws EngineError STORAGE when it can neither be read nor written.
 */
export function ensureKeptToken(file: string): { readonly token: string; readonly notice: string | null } {
  const kept = readKeptToken(file)
  switch (kept.kind) {
    case 'kept':
      return { token: kept.token, notice: null }
    case 'absent':
      return { token: renewKeptToken(file), notice: null }
    case 'unusable':
      return {
        token: renewKeptToken(file),
        notice: `The token file ${file} ${kept.reason}, so there is a new token. Saved addresses have the old one; "scalenas token" prints the new.`,
      }
    default: {
      const unknown: never = kept
      throw new TypeError(`unknown kind of token ${JSON.stringify(unknown)}`)
    }
  }
}

/** Reads and changes nothing. @throws EngineError STORAGE when the file is there and cannot be read. */
export function readKeptToken(file: string): KeptToken {
  let descriptor: number
  try {
    // Not through a link, and without waiting for the writer of a FIFO; Windows has neither flag, and undefined counts as 0.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (thrown) {
    return readFailure(file, thrown)
  }
  try {
    return judge(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Writes a new token in the place of the old one, readable by the owner only. @throws EngineError STORAGE. */
export function renewKeptToken(file: string): string {
  const token = createToken()
  const draft = `${file}.tmp-${randomUUID()}`
  try {
    const descriptor = openSync(draft, 'wx', OWNER_ONLY)
    try {
      writeSync(descriptor, token)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(draft, file)
  } catch (thrown) {
    rmSync(draft, { force: true })
    throw new EngineError('STORAGE', `The token cannot be written to ${file} (${codeOf(thrown)}).`)
  }
  return token
}

function judge(descriptor: number): KeptToken {
  const facts = fstatSync(descriptor)
  if (!facts.isFile()) {
    return { kind: 'unusable', reason: 'is no file' }
  }
  // Windows has no such bits; there the folder of the user protects it.
  if (process.platform !== 'win32' && (facts.mode & OTHERS) !== 0) {
    const mode = (facts.mode & 0o777).toString(8)
    return { kind: 'unusable', reason: `could be read by others (mode ${mode}; 600 is allowed)` }
  }
  const buffer = Buffer.alloc(256)
  const text = buffer.toString('latin1', 0, readSync(descriptor, buffer)).trim()
  return TOKEN_SHAPE.test(text)
    ? { kind: 'kept', token: text }
    : { kind: 'unusable', reason: 'holds no token (43 letters, digits, "-" and "_")' }
}

function readFailure(file: string, thrown: unknown): KeptToken {
  const code = codeOf(thrown)
  if (code === 'ENOENT') {
    return { kind: 'absent' }
  }
  if (code === 'ELOOP' || code === 'ENXIO') {
    return { kind: 'unusable', reason: 'is no file' }
  }
  throw new EngineError('STORAGE', `The token file ${file} cannot be read (${code}).`)
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
}
