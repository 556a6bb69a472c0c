import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fingerprintOf } from '../../datasets/fingerprint.ts'
import { listVisibleCards } from '../executors/gpu-environment.ts'

/** Packages that backends compute with, and their folders of native or WebAssembly files. */
const PACKAGES = [
  ['@tensorflow/tfjs-node-gpu', ['lib/napi-v8', 'deps/lib']],
  ['@tensorflow/tfjs-node', ['lib/napi-v8', 'deps/lib']],
  ['@tensorflow/tfjs-backend-wasm', ['wasm-out']],
  ['webgpu', [`dist/${process.platform}-${process.arch}`, 'dist/darwin-universal']],
] as const

/** What the drivers of a GPU leave on Linux: another card or driver shows in one of them. */
const DRIVER_FILE = '/proc/driver/nvidia/version'
const DRIVER_FOLDERS = ['/dev/dri', '/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'] as const

/** Variables that choose among libraries, drivers and cards. */
const VARIABLES = [
  ...['CUDA_VISIBLE_DEVICES', 'LD_LIBRARY_PATH', 'VK_ICD_FILENAMES', 'VK_DRIVER_FILES'],
  ...['SCALENAS_WEBGPU_SOFTWARE', 'SCALENAS_NODE'],
] as const

export interface LibrarySurroundings {
  /** A file from which packages are found. */
  readonly from: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * A short text that changes when a library of a backend, its driver or the visible cards change: versions of the packages, names, sizes and
 * times of their native files. Reading it takes about a millisecond; starting a worker to ask takes half a second for each backend.
 */
export function readLibraryStamp(
  { from, env }: LibrarySurroundings = { from: import.meta.url, env: process.env },
): string {
  const require = createRequire(from)
  return fingerprintOf([
    process.versions.node,
    ...PACKAGES.map(([name, folders]) => describePackage(require, name, folders)),
    readText(DRIVER_FILE),
    ...DRIVER_FOLDERS.map((folder) => listNames(folder).join(' ')),
    listVisibleCards(env).join(' '),
    ...VARIABLES.map((name) => `${name}=${env[name] ?? ''}`),
  ])
}

function describePackage(require: NodeJS.Require, name: string, folders: readonly string[]): string {
  let manifest: string
  try {
    manifest = require.resolve(`${name}/package.json`)
  } catch {
    return `${name}: not installed`
  }
  const files = folders.flatMap((folder) => {
    const path = join(dirname(manifest), folder)
    return listNames(path).map((file) => describeFile(join(path, file)))
  })
  return [name, readText(manifest), ...files].join('\n')
}

function describeFile(path: string): string {
  // A link to a library that is gone is a state like others too: the worker that loads it says what is wrong.
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined
    ? `${path} leads nowhere`
    : `${path} ${String(stats.size)} ${String(stats.mtimeMs)}`
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch {
    // Not there is a state like others.
    return []
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
