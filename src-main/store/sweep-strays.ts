import type { Dirent } from 'node:fs'
import { lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { DataPaths } from './data-folder.ts'
import { isProcessAlive } from './lock-holder.ts'
import { chooseStrays } from './stray-rules.ts'
import type { FolderEntry } from './stray-rules.ts'

/**
 * Removes what an engine that has ended left unfinished; the caller holds the lock of the folder. What cannot be removed stays: it is in nobody's way.
 * @returns what was removed, from the data folder.
 */
export function sweepStrays({ root }: DataPaths, now: number): string[] {
  // Our own id may have been that of a process of before, in another container; this process has no drafts yet.
  const isAlive = (pid: number): boolean => pid !== process.pid && isProcessAlive(pid)
  return chooseStrays(listPlaces(root), isAlive, now).filter((path) => {
    try {
      rmSync(join(root, path), { recursive: true, force: true })
      return true
    } catch {
      // Of another user, or on a disk that has become read-only: told by whatever is written next.
      return false
    }
  })
}

const RUN_PLACES = ['checkpoints', 'preview', 'detections'] as const
const DEEP_RUN_PLACES = ['predictions', 'exports', 'finetuned', 'pictures'] as const

/** The folders that the rules speak of, and no others: exported and imported trees may be large. */
function listPlaces(root: string): FolderEntry[] {
  const list = (place: string): FolderEntry[] => listFolder(root, place)
  const foldersOf = (place: string): string[] =>
    list(place).flatMap(({ path, kind }) => (kind === 'folder' ? [path] : []))
  const runs = foldersOf('runs').flatMap((run) => [
    ...list(run),
    ...RUN_PLACES.flatMap((place) => list(`${run}/${place}`)),
    ...DEEP_RUN_PLACES.flatMap((place) => [
      ...list(`${run}/${place}`),
      ...foldersOf(`${run}/${place}`).flatMap(list),
    ]),
  ])
  return [...list(''), ...['backups', 'tmp', 'cache', 'cache/pictures'].flatMap(list), ...runs]
}

function listFolder(root: string, place: string): FolderEntry[] {
  let found: Dirent[]
  try {
    if (place !== '' && !lstatSync(join(root, place)).isDirectory()) {
      return []
    }
    found = readdirSync(join(root, place), { withFileTypes: true })
  } catch {
    // Not made yet.
    return []
  }
  return found.flatMap((entry): FolderEntry[] => {
    if (!entry.isFile() && !entry.isDirectory()) {
      return []
    }
    const path = place === '' ? entry.name : `${place}/${entry.name}`
    const modifiedAt = statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? Infinity
    return [{ path, kind: entry.isFile() ? 'file' : 'folder', modifiedAt }]
  })
}
