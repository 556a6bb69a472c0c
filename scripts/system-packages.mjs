#!/usr/bin/env node
// System packages of the browser and desktop tests. Node built-ins only, idempotent; nothing else in the studio needs them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isEntry } from './setup/is-entry.mjs'
import { createReporter } from './setup/terminal.mjs'

const HELP = `System packages of the browser and desktop tests: an X server, Chromium and the libraries that Electron loads.

  node scripts/system-packages.mjs [--check]

  As root on Debian or Ubuntu the missing ones are installed with apt-get, otherwise the command to type is printed.
  --check   only report
  Exit code 0 when nothing is missing, else 1.`

const LIBRARY_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']

/** A package, and the program or library by which it is recognised, however it was installed. */
const NEEDED = [
  { package: 'xvfb', programs: ['Xvfb'] },
  { package: 'chromium', programs: ['chromium', 'chromium-browser', 'google-chrome'] },
  { package: 'libgtk-3-0', library: 'libgtk-3.so.0' },
  { package: 'libnss3', library: 'libnss3.so' },
  { package: 'libasound2', library: 'libasound.so.2' },
  { package: 'libgbm1', library: 'libgbm.so.1' },
  { package: 'libnotify4', library: 'libnotify.so.4' },
  { package: 'libsecret-1-0', library: 'libsecret-1.so.0' },
  { package: 'libxss1', library: 'libXss.so.1' },
  { package: 'libxtst6', library: 'libXtst.so.6' },
]

/** @returns {{ isReady: boolean, summary: string }} one line for a person */
export function ensureSystemPackages({ isCheck = false } = {}) {
  if (process.platform !== 'linux') {
    return { isReady: true, summary: 'ready: this system needs none' }
  }
  const missing = missingPackages()
  if (missing.length === 0) {
    return { isReady: true, summary: 'ready: X server, Chromium and the libraries of Electron are there' }
  }
  const command = `apt-get install -y ${missing.join(' ')}`
  if (isCheck || process.getuid() !== 0 || !findProgram(['apt-get'])) {
    return { isReady: false, summary: `missing: ${missing.join(', ')}; type: sudo ${command}` }
  }
  const reason = install(missing)
  const left = missingPackages()
  return left.length === 0
    ? { isReady: true, summary: `ready: installed ${missing.join(', ')}` }
    : {
        isReady: false,
        summary: `missing: ${left.join(', ')}; apt-get could not install them: ${reason}; try: ${command}`,
      }
}

/** @returns {string | null} a Chromium for the browser tests */
export const findChromium = () => findProgram(['chromium', 'chromium-browser', 'google-chrome'])

const missingPackages = () => NEEDED.filter((needed) => !isThere(needed)).map((needed) => needed.package)

function isThere({ programs, library }) {
  return programs ? findProgram(programs) !== null : hasLibrary(library)
}

function findProgram(names) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const files = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return files.find((file) => existsSync(file)) ?? null
}

const hasLibrary = (name) =>
  LIBRARY_FOLDERS.some((folder) => existsSync(folder) && readdirSync(folder).some((file) => file === name))

/** @returns {string} what apt-get complained of, '' when it did not */
function install(packages) {
  createReporter('packages').status(`installing ${packages.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = { env, encoding: 'utf8', timeout: 15 * 60_000, maxBuffer: 1 << 26 }
  const update = spawnSync('apt-get', ['update', '-qq'], options)
  const result = spawnSync(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
    options,
  )
  const errors = `${update.stderr ?? ''}\n${result.stderr ?? ''}`
    .split('\n')
    .filter((line) => line.startsWith('E:'))
  return errors.join(' ') || (result.error?.message ?? '')
}

if (isEntry(import.meta.url)) {
  const flags = new Set(process.argv.slice(2))
  if (flags.has('--help')) {
    console.log(HELP)
  } else {
    const { isReady, summary } = ensureSystemPackages({ isCheck: flags.has('--check') })
    createReporter('packages').say(summary)
    process.exitCode = isReady ? 0 : 1
  }
}
