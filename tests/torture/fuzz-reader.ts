import { createHash } from 'node:crypto'
import { EngineError } from '../../src-main/contract/index.ts'
import type { Random } from '../../src-main/nas/random.ts'

/** A damaged file. */
export interface FuzzInput {
  readonly bytes: Buffer
  /** Its check sums were made anew, so none of them can see the damage. */
  readonly isSealed: boolean
}

export interface PreparedReader {
  /** Files that must be accepted. */
  readonly sound: readonly Buffer[]
  readonly damage: (random: Random) => FuzzInput
  /**
   * Reads a file the way the program does.
   *
   * @returns What was accepted, part by part; of formats with check sums each part must be one of a sound file.
   */
  readonly read: (bytes: Buffer) => Promise<readonly string[]> | readonly string[]
  readonly hasChecksums?: boolean
  /** Refusals of pure parsers that their callers turn into an EngineError. */
  readonly isRefusal?: (error: Error) => boolean
}

export interface FuzzReader {
  readonly name: string
  /** Share of the files; those that open whole folders take less. */
  readonly weight: number
  /** @param folder - Empty, of this reader alone. */
  readonly prepare: (folder: string) => Promise<PreparedReader> | PreparedReader
}

/** What a reader may throw: words for people. */
export function isRefusal(error: unknown, { isRefusal: isOwn }: PreparedReader): boolean {
  if (error instanceof EngineError) {
    return error.code !== 'INTERNAL'
  }
  return error instanceof Error && isOwn?.(error) === true
}

/** An Error of ours: neither a TypeError of the language nor an error of Node with a code. */
export function isPlain(error: Error): boolean {
  return error.name === 'Error' && !('code' in error)
}

export function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha1')
  for (const part of parts) {
    hash.update(part).update('|')
  }
  return hash.digest('hex')
}

export function digestTensors(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>,
): readonly string[] {
  return Array.from(tensors.values(), ({ shape, values }) =>
    digest(shape.join(), new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
  )
}
