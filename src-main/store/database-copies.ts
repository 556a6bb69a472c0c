import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Copies of both kinds have a bound of their own: a row of migrations must not push the daily ones out. */
export const KEPT_COPIES = 3
export const COPY_EVERY_MS = 24 * 3_600_000

export type CopyKind = 'daily' | 'migration'

export interface CopyName {
  readonly kind: CopyKind
  readonly file: string
  /** When it was made, in milliseconds since 1970. */
  readonly at: number
}

const STAMP = String.raw`(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2})-(\d{3})Z`
const NAME = new RegExp(`^studio-(daily-)?${STAMP}(-before-\\d{4}-changes)?\\.sqlite$`)

export function dailyCopyName(at: number): string {
  return `studio-daily-${toStamp(at)}.sqlite`
}

/** @param version - Of the schema that the copy has. */
export function migrationCopyName(at: number, version: number): string {
  return `studio-${toStamp(at)}-before-${String(version).padStart(4, '0')}-changes.sqlite`
}

/** A time as a part of a file name, with milliseconds. */
export function toStamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[:.]/g, '-')
}

/** The copies of a folder, newest first; whatever has another name is not ours. */
export function listCopies(folder: string): CopyName[] {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    // No copy was made yet.
    return []
  }
  return names.flatMap((name) => parseName(folder, name) ?? []).toSorted((a, b) => b.at - a.at)
}

/** Files of a kind that are more than are kept, of any list of copies. */
export function surplusCopies(copies: readonly CopyName[], kind: CopyKind): string[] {
  return copies
    .filter((copy) => copy.kind === kind)
    .toSorted((a, b) => b.at - a.at)
    .slice(KEPT_COPIES)
    .map((copy) => copy.file)
}

/** A copy from the future (the clock was set back) counts by its distance as well, or none would be made for years. */
export function isCopyDue(copies: readonly CopyName[], now: number): boolean {
  return !copies.some(({ kind, at }) => kind === 'daily' && Math.abs(now - at) < COPY_EVERY_MS)
}

/** What a run under way must still find free after a copy. */
const SPARE_BYTES = 64 * 2 ** 20

/** A copy is at most as large as the database with its log. */
export function hasRoomForCopy(databaseBytes: number, freeBytes: number): boolean {
  return freeBytes >= databaseBytes + SPARE_BYTES
}

function parseName(folder: string, name: string): CopyName | null {
  const match = NAME.exec(name)
  if (match === null) {
    return null
  }
  const [, daily, date = '', hours = '', minutes = '', seconds = '', milliseconds = '', migration] = match
  const at = Date.parse(`${date}T${hours}:${minutes}:${seconds}.${milliseconds}Z`)
  const isOneKind = (daily === undefined) !== (migration === undefined)
  return isOneKind && Number.isFinite(at)
    ? { kind: daily === undefined ? 'migration' : 'daily', file: join(folder, name), at }
    : null
}
