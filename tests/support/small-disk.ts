import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether this process may mount a disk of its own: root on Linux, outside of some containers. */
export function canMountSmallDisk(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return false
  }
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-mount-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder])
  if (status === 0) {
    spawnSync('umount', [folder])
  }
  rmSync(folder, { recursive: true, force: true })
  return status === 0
}

/** @returns what takes the disk away again, also while files on it are open. */
export function mountSmallDisk(folder: string, megabytes: number): () => void {
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${String(megabytes)}m`, 'tmpfs', folder])
  return () => {
    spawnSync('umount', ['-l', folder])
  }
}

/**
 * Keeps less free space than a checkpoint needs until it is stopped; the database's journal finds some pages still.
 * The run writes and removes files at the same time: so it fills in small pieces, looks anew before each, and fills
 * again what a removed checkpoint gave back.
 */
export function keepDiskFull(
  path: string,
  { leftBytes = 256 * 1024 }: { readonly leftBytes?: number } = {},
): { readonly stop: () => void } {
  const piece = Buffer.alloc(64 * 1024)
  const file = openSync(path, 'w')
  const fill = (): void => {
    const left = (): number => {
      const { bavail, bsize } = statfsSync(path)
      return bavail * bsize
    }
    try {
      while (left() > leftBytes) {
        writeSync(file, piece)
      }
    } catch (error) {
      // The run took the last bytes in between: full is what was wanted.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') {
        throw error
      }
    }
  }
  fill()
  const timer = setInterval(fill, 20)
  return {
    stop: () => {
      clearInterval(timer)
      closeSync(file)
    },
  }
}
