import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import { findChromium } from '../../../scripts/system-packages.mjs'
import { collectProblems } from './collect-problems.ts'

const root = resolve(import.meta.dirname, '../../..')
const START_TIMEOUT_MS = 120_000 // the first start may build
/** Chromium as root in a container, and without calls home. */
const CHROMIUM_ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** `scalenas serve` as a process of its own. */
export interface ServedStudio {
  readonly pid: number
  /** `http://127.0.0.1:PORT/#token=…`, as printed. */
  readonly address: string
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** @throws Error with everything that was printed, when no address is printed in time. */
export async function serveStudio(folder: string): Promise<ServedStudio> {
  const entry = join(root, 'bin/scalenas.mjs')
  const child = spawn(process.execPath, [entry, 'serve', '--no-open', '--data', join(folder, 'data')], {
    cwd: root,
  })
  let printed = ''
  const exited = new Promise<void>((end) => child.once('exit', () => end()))
  const address = await new Promise<string>((found, fail) => {
    const timer = setTimeout(() => fail(new Error(`serve printed no address:\n${printed}`)), START_TIMEOUT_MS)
    const read = (chunk: Buffer): void => {
      printed += chunk.toString()
      const match = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(printed)
      if (match) {
        clearTimeout(timer)
        found(match[0])
      }
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('exit', (code) => fail(new Error(`serve ended with ${String(code)}:\n${printed}`)))
  })
  return {
    pid: child.pid ?? Number.NaN,
    address,
    output: () => printed,
    async stop() {
      child.kill('SIGTERM')
      const insist = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await exited
      clearTimeout(insist)
    },
  }
}

/** A page in a real Chromium. */
export interface BrowserPage {
  readonly page: Page
  readonly problems: readonly string[]
  readonly close: () => Promise<void>
}

export async function openInChromium(address: string): Promise<BrowserPage> {
  const executablePath = findChromium()
  if (!executablePath) {
    throw new Error('there is no Chromium here: node scripts/system-packages.mjs')
  }
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGUMENTS })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const problems = collectProblems(context)
  const page = await context.newPage()
  await page.goto(address)
  return { page, problems, close: () => browser.close() }
}
