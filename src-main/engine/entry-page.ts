import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listDataPaths } from '../store/data-folder.ts'

/**
 * A file that leads to an address. A browser is started with its path: an argument can be read by every user of the machine, and the
 * address holds the token.
 */
export function writeEntryPage(dataFolder: string, address: string): string {
  const file = entryPageOf(dataFolder)
  // A file that is there keeps its mode.
  rmSync(file, { force: true })
  const page = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url=${address.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">
<title>ScaleNAS Studio</title>
`
  writeFileSync(file, page, { mode: 0o600, flag: 'wx' })
  return file
}

export function removeEntryPage(dataFolder: string): void {
  rmSync(entryPageOf(dataFolder), { force: true })
}

function entryPageOf(dataFolder: string): string {
  return join(listDataPaths(dataFolder).temporary, 'open-studio.html')
}
