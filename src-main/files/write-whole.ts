import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The name under which a file is written until it is whole; the sweep of an engine's start knows it. */
export function draftOf(target: string): string {
  return `${target}.tmp-${process.pid}`
}

/** Gives a finished draft its name, so that a power cut leaves the old file or the new one. */
export function settle(draft: string, target: string): void {
  // Windows syncs only what may be written to.
  sync(draft, 'r+')
  renameSync(draft, target)
  // A rename is durable only once its folder is synced; Windows cannot open folders and needs no such sync.
  if (process.platform !== 'win32') {
    sync(dirname(target), 'r')
  }
}

/**
 * Writes a file so that nobody ever reads half of it: to a draft, synced and renamed.
 *
 * @param mode - Of the file; default: by the umask.
 * @throws what the system says; the draft is removed, and what was there before stays.
 */
export function writeWhole(target: string, content: string | Uint8Array, mode = 0o666): void {
  const draft = draftOf(target)
  try {
    writeFileSync(draft, content, { mode })
    settle(draft, target)
  } catch (thrown) {
    rmSync(draft, { force: true })
    throw thrown
  }
}

function sync(path: string, flags: 'r' | 'r+'): void {
  const descriptor = openSync(path, flags)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
