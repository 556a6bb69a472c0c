import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { EngineError } from '../contract/index.ts'
import type { ErrorCode } from '../contract/index.ts'
import { answering, NoAnswer } from './answering.ts'

/**
 * The one place where files that a user points at are opened. Only regular files are: a named pipe waits for a writer, a device may never
 * end, and each would take its thread along. Symbolic links are followed; what they lead to counts.
 */

export interface FileOptions {
  /** Code of the refusal; default BAD_REQUEST. */
  readonly code?: ErrorCode
  /** What to call the file in messages; default its path. */
  readonly name?: string
  /** Longer silences are a refusal. */
  readonly answerMs?: number
}

export interface ReadOptions extends FileOptions {
  /** Larger files are refused before they are read. */
  readonly mostBytes: number
}

export type FileProblemKind = 'missing' | 'no file' | 'too large' | 'silent' | 'unreadable'

/** A file that cannot be read, in one sentence that begins with its name. */
export class FileProblem extends EngineError {
  readonly kind: FileProblemKind
  /** The sentence without the name. */
  readonly reason: string

  constructor(code: ErrorCode, name: string, kind: FileProblemKind, reason: string) {
    super(code, `${name} cannot be read: ${reason}`)
    this.kind = kind
    this.reason = reason
  }
}

/** An open file; the one who opened it closes it. */
export interface RegularFile {
  readonly size: number
  /** Fills `target` from `position` on. @returns How many bytes there were. @throws FileProblem. */
  readonly read: (target: Uint8Array, position: number) => Promise<number>
  readonly close: () => Promise<void>
}

/** @throws FileProblem for what is missing, no regular file, or does not answer. */
export async function openRegularFile(path: string, options: FileOptions = {}): Promise<RegularFile> {
  const within = <T>(work: Promise<T>): Promise<T> => answered(path, options, work)
  refuseOthers(path, options, await within(stat(path)))
  // What was a file a moment ago may be a pipe now: without waiting for a writer it can be looked at once more.
  const handle = await within(open(path, constants.O_RDONLY | WITHOUT_WAITING))
  let isSilent = false
  const close = async (): Promise<void> => {
    // Closing waits for the reads under way, and so for a mount that is gone.
    await (isSilent ? undefined : within(handle.close()))
  }
  try {
    const { size } = refuseOthers(path, options, await within(handle.stat()))
    return {
      size,
      close,
      read: (target, position) =>
        within(fill(handle, target, position)).catch((thrown: unknown) => {
          isSilent ||= thrown instanceof FileProblem && thrown.kind === 'silent'
          throw thrown
        }),
    }
  } catch (thrown) {
    isSilent ||= thrown instanceof FileProblem && thrown.kind === 'silent'
    await close()
    throw thrown
  }
}

/** Windows has no such pipes and no such flag. */
const WITHOUT_WAITING = (constants as Partial<typeof constants>).O_NONBLOCK ?? 0

/** So much is asked for at a time: a slow mount gets the whole time for each part. */
const PART_BYTES = 4 * 1024 * 1024

/** The content of a regular file. @throws FileProblem. */
export async function readRegularFile(path: string, options: ReadOptions): Promise<Buffer> {
  const file = await openRegularFile(path, options)
  try {
    if (file.size > options.mostBytes) {
      const [given, allowed] = [file.size, options.mostBytes].map((bytes) => bytes.toLocaleString('en-US'))
      throw problemOf(
        path,
        options,
        'too large',
        `it has ${given ?? ''} bytes; at most ${allowed ?? ''} are read`,
      )
    }
    const content = Buffer.allocUnsafe(file.size)
    let at = 0
    while (at < content.length) {
      const count = await file.read(content.subarray(at, at + PART_BYTES), at)
      if (count === 0) {
        break
      }
      at += count
    }
    return content.subarray(0, at)
  } finally {
    await file.close()
  }
}

/** What a path leads to. @throws FileProblem. */
export function statPath(path: string, options: FileOptions = {}): Promise<Stats> {
  return answered(path, options, stat(path))
}

/** Names in a folder. @throws FileProblem. */
export function readFolder(path: string, options: FileOptions = {}): Promise<string[]> {
  return answered(path, options, readdir(path))
}

/** Waits for work on a path; what goes wrong becomes a sentence that names it. @throws FileProblem. */
export async function answered<T>(path: string, options: FileOptions, work: Promise<T>): Promise<T> {
  try {
    return await answering(work, options.answerMs)
  } catch (thrown) {
    if (thrown instanceof EngineError) {
      throw thrown
    }
    if (thrown instanceof NoAnswer) {
      throw problemOf(path, options, 'silent', thrown.message)
    }
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw problemOf(path, options, 'missing', 'there is no such file')
    }
    throw problemOf(path, options, 'unreadable', describeCode(code, thrown))
  }
}

function describeCode(code: string, thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  return CODES.get(code) ?? text.replace(/, [a-z]+( '.*')?$/s, '')
}

const CODES: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission is denied'],
  ['EPERM', 'permission is denied'],
  ['ELOOP', 'its symbolic links lead in a circle'],
  ['EISDIR', 'it is a folder; only regular files are read'],
  ['ENXIO', 'it is a socket or a device; only regular files are read'],
  ['ERR_INVALID_ARG_VALUE', 'its name has a zero byte, which no file has'],
])

async function fill(handle: FileHandle, target: Uint8Array, position: number): Promise<number> {
  const { bytesRead } = await handle.read(target, 0, target.length, position)
  return bytesRead
}

function refuseOthers(path: string, options: FileOptions, facts: Stats): Stats {
  if (!facts.isFile()) {
    throw problemOf(path, options, 'no file', `it is ${kindOf(facts)}; only regular files are read`)
  }
  return facts
}

function kindOf(facts: Stats): string {
  if (facts.isDirectory()) {
    return 'a folder'
  }
  if (facts.isFIFO()) {
    return 'a named pipe'
  }
  return facts.isSocket() ? 'a socket' : 'a device'
}

function problemOf(path: string, options: FileOptions, kind: FileProblemKind, reason: string): FileProblem {
  return new FileProblem(options.code ?? 'BAD_REQUEST', options.name ?? path, kind, reason)
}
