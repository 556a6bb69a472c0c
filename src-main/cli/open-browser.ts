import { spawn } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { writeEntryPage } from '../engine/entry-page.ts'

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** Opens a browser where there is a display. No browser is no failure: the address is printed. */
export function openBrowser(dataFolder: string, address: string): void {
  const hasDisplay =
    process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])
  if (!hasDisplay) {
    return
  }
  const page = pathToFileURL(writeEntryPage(dataFolder, address)).href
  const [command = 'xdg-open', ...before] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(command, [...before, page], { detached: true, stdio: 'ignore' })
  child.on('error', () => undefined)
  child.unref()
}
