import { existsSync, statSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'

/** @returns the file that a path names, or null when there is none inside the folder. */
export function resolveInside(folder: string, pathname: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    return null // a malformed escape names nothing
  }
  if (decoded.includes('\0')) {
    return null
  }
  const file = join(folder, decoded === '/' ? 'index.html' : decoded)
  const inside = relative(folder, file)
  if (inside.startsWith('..') || isAbsolute(inside) || !existsSync(file)) {
    return null
  }
  return statSync(file).isFile() ? file : null
}
