import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { _electron } from 'playwright-core'
import type { ElectronApplication, Page } from 'playwright-core'
import { collectProblems } from './collect-problems.ts'

const root = resolve(import.meta.dirname, '../../..')
const LAUNCH_TIMEOUT_MS = 60_000

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
  const data = join(folder, 'data')
  // Without executablePath Playwright holds back `ready` until it is attached, so that early console errors are not lost.
  const app = await _electron.launch({
    args: [root],
    cwd: root,
    env: { ...inheritedEnvironment(), SCALENAS_DATA: data, SCALENAS_USER_DATA: join(folder, 'window') },
    timeout: LAUNCH_TIMEOUT_MS,
  })
  const printed: string[] = []
  app.process().stdout?.on('data', (chunk) => printed.push(String(chunk)))
  app.process().stderr?.on('data', (chunk) => printed.push(String(chunk)))
  const problems = collectProblems(app.context())
  const page = await app.firstWindow({ timeout: LAUNCH_TIMEOUT_MS })
  const mainPid = app.process().pid ?? Number.NaN
  return { app, page, mainPid, data, problems, output: () => printed.join(''), close: () => app.close() }
}

function inheritedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
