// Where the installed @tensorflow/tfjs-node-gpu keeps its native parts, and the stamp that makes a second run cheap.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { projectRoot } from './project-root.mjs'

export const PACKAGE_NAME = '@tensorflow/tfjs-node-gpu'

/** Folder of the package, or null when optional dependencies were left out of the install. */
export function findPackageFolder() {
  try {
    const require = createRequire(join(projectRoot, 'package.json'))
    return dirname(require.resolve(`${PACKAGE_NAME}/package.json`))
  } catch {
    return null
  }
}

export const bindingFile = (folder) => join(folder, 'lib/napi-v8/tfjs_binding.node')
export const librariesFolder = (folder) => join(folder, 'deps/lib')

/** @typedef {{ version: string, isGpu: boolean, source: string, flavour: 'cpu' | 'gpu' }} TensorflowStamp */

/** @returns {TensorflowStamp | null} what the last successful probe found, if no native file has changed since then */
export function readStamp(folder, flavour) {
  try {
    const stamp = JSON.parse(readFileSync(stampFile(folder), 'utf8'))
    return stamp.files === nativeFiles(folder) && stamp.flavour === flavour ? stamp : null
  } catch {
    return null // no stamp, or one of another version: the probe decides
  }
}

/** @param {TensorflowStamp} stamp */
export function writeStamp(folder, stamp) {
  writeFileSync(stampFile(folder), JSON.stringify({ ...stamp, files: nativeFiles(folder) }))
}

export function removeNativeParts(folder) {
  for (const name of ['deps', 'lib', 'build']) {
    rmSync(join(folder, name), { recursive: true, force: true })
  }
}

const stampFile = (folder) => join(folder, 'lib/napi-v8/scalenas-setup.json')

function nativeFiles(folder) {
  const libraries = librariesFolder(folder)
  const names = existsSync(libraries) ? readdirSync(libraries).sort() : []
  return [bindingFile(folder), ...names.map((name) => join(libraries, name))]
    .map((file) => {
      const stats = statSync(file, { throwIfNoEntry: false })
      return stats ? `${stats.size}@${Math.round(stats.mtimeMs)}` : 'missing'
    })
    .join(' ')
}
