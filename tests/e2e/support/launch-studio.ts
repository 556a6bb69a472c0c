import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron } from 'playwright-core'
import type { ElectronApplication, Page } from 'playwright-core'
import { collectProblems } from './collect-problems.ts'

const root = resolve(import.meta.dirname, '../../..')
const LAUNCH_TIMEOUT_MS = 60_000
/** A window opens in about a second, on a busy machine in a few. */
const WINDOW_TIMEOUT_MS = 25_000
/** Seen a few times on busy machines: the debugger never hears of the window, though page and engine are there. Not in 25 launches in a row. */
const LAUNCHES = 2

/** The real desktop window with a data folder of its own. */
export interface Studio {
  readonly app: ElectronApplication
  readonly page: Page
  readonly mainPid: number
  readonly data: string
  /** Console errors and uncaught exceptions of the page so far. */
  readonly problems: readonly string[]
  /** What the main process and the engine printed, for the message of a failed test. */
  readonly output: () => string
  /** Closes the window; the data folder stays for another launch. */
  readonly close: () => Promise<void>
}

/** A folder for one test's data and window state. @returns its path and the way to remove it. */
export function createDataFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-e2e-'))
  return {
    folder,
    remove: () => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
    },
  }
}

/** @throws Error when the test was not started by `scripts/run-electron.mjs --exec`, which sets the Electron and the display. */
export async function launchStudio(folder: string): Promise<Studio> {
  if (!process.env['ELECTRON_OVERRIDE_DIST_PATH']) {
    throw new Error('start the desktop tests with: npm test -- desktop')
  }
  for (let launch = 1; ; launch += 1) {
    const studio = await openWindow(folder)
    if (studio !== null) {
      return studio
    }
    if (launch === LAUNCHES) {
      throw new Error(`no window in ${String(LAUNCHES)} launches; what was printed is above`)
    }
  }
}

/** @returns null, with what was printed on stderr, where Playwright is told of no window; that process is ended. */
async function openWindow(folder: string): Promise<Studio | null> {
  const data = join(folder, 'data')
  // Without executablePath Playwright holds back `ready` until it is attached, so that early console errors are not lost.
  const app = await _electron.launch({
    args: [root],
    cwd: root,
    env: { ...inheritedEnvironment(), SCALENAS_DATA: data, SCALENAS_USER_DATA: join(folder, 'window') },
    timeout: LAUNCH_TIMEOUT_MS,
  })
  const printed: string[] = []
  const child = app.process()
  child.stdout?.on('data', (chunk) => printed.push(String(chunk)))
  child.stderr?.on('data', (chunk) => printed.push(String(chunk)))
  const problems = collectProblems(app.context())
  try {
    const page = await app.firstWindow({ timeout: WINDOW_TIMEOUT_MS }).catch(() => reloadWindow(app))
    const mainPid = child.pid ?? Number.NaN
    return { app, page, mainPid, data, problems, output: () => printed.join(''), close: () => app.close() }
  } catch (thrown) {
    console.error(`the window did not show: ${String(thrown)}\n${printed.join('')}`)
    await endOf(child)
    return null
  }
}

/**
 * Playwright counts a window from its first committed navigation on; where that was missed, a second one tells. What the main process
 * knows of its windows is printed, so that a window that is really not there can be told from one that was not seen.
 */
async function reloadWindow(app: ElectronApplication): Promise<Page> {
  const windows = await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => {
      const { webContents } = window
      const facts = [
        webContents.getURL(),
        window.isVisible(),
        webContents.isLoading(),
        webContents.isCrashed(),
      ]
      webContents.reload()
      return facts
    }),
  )
  console.error(`windows (address, visible, loading, crashed) before a reload: ${JSON.stringify(windows)}`)
  return app.firstWindow({ timeout: WINDOW_TIMEOUT_MS })
}

/** Asks the main process to end, which takes its engine along, and insists after a while. */
async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return
  }
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  const insist = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await exited
  clearTimeout(insist)
}

function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
