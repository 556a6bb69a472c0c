import type { Stats } from 'node:fs'
import { chmodSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** What this program makes right below a data folder. */
const OWN_FOLDERS = /^(?:runs|backups|cache|tmp|studies)$/
const OWN_FILES = /^(?:studio\.sqlite|engine\.lock|engine\.token|engine-lock\.sqlite|\.probe-\d+)/
const OTHERS = 0o077

/**
 * Takes a data folder away from other users of the machine: pictures, weights and the names of data sets are nobody else's. A folder
 * that holds other things as well stays as it is, for somebody chose its mode; then only what is ours in it is narrowed. What belongs
 * to another user is left alone.
 */
export function narrowDataFolder(root: string): void {
  // Windows keeps rights in lists that modes say nothing of; a user's own folders are closed there.
  if (process.platform === 'win32') {
    return
  }
  const names = readdirSync(root)
  if (names.every((name) => OWN_FOLDERS.test(name) || OWN_FILES.test(name))) {
    narrow(root)
  }
  for (const name of names) {
    const path = join(root, name)
    if (OWN_FILES.test(name)) {
      narrow(path)
    } else if (OWN_FOLDERS.test(name) && narrow(path)) {
      // It was open until now, so what lies in it was made by a version that left it open.
      narrowBelow(path)
    }
  }
}

function narrowBelow(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    narrow(path)
    if (entry.isDirectory()) {
      narrowBelow(path)
    }
  }
}

/** @returns whether others could use it. Links are not followed: what they lead to may be anybody's. */
function narrow(path: string): boolean {
  const facts: Stats | undefined = lstatSync(path, { throwIfNoEntry: false })
  const isOurs = facts?.uid === process.getuid?.()
  if (
    facts === undefined ||
    !isOurs ||
    !(facts.isFile() || facts.isDirectory()) ||
    (facts.mode & OTHERS) === 0
  ) {
    return false
  }
  chmodSync(path, facts.mode & 0o777 & ~OTHERS)
  return true
}
