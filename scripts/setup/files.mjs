// Files, hashes and the cache folder of the setup scripts. Node built-ins only.
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, statfsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Downloads and unpacked libraries that outlive node_modules (`npm ci` removes everything below it). */
export function cacheRoot() {
  return (
    process.env.SCALENAS_SETUP_CACHE ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'scalenas-studio')
  )
}

export async function sha256(file) {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

/** Bytes below a folder, 0 when it is not there (yet). */
export function folderSize(folder) {
  let bytes = 0
  for (const entry of readFolder(folder)) {
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? folderSize(path) : fileSize(path)
  }
  return bytes
}

/** Bytes of a file, 0 when there is none. */
export function fileSize(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

/** Megabytes free where `folder` is; Infinity when the system does not say. */
export function freeMegabytes(folder) {
  try {
    const stats = statfsSync(folder)
    return toMegabytes(stats.bavail * stats.bsize)
  } catch {
    return Infinity // not every file system answers; a full one will say so when it is written to
  }
}

export const toMegabytes = (bytes) => Math.round(bytes / 1e6)

function readFolder(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return [] // a download folder may come and go while it is being measured
  }
}
