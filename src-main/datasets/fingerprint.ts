import { createHash } from 'node:crypto'

/** Sixteen hexadecimal digits that change when any of the parts does. */
export function fingerprintOf(parts: Iterable<string>): string {
  const hash = createHash('sha256')
  for (const part of parts) {
    hash.update(part)
    hash.update('\n')
  }
  return hash.digest('hex').slice(0, 16)
}
