// Who may import whom: the one table that the lint rule and the architecture test read (its picture is in src-main/README.md).
// Files of a layer may always import each other. `types` are layers of which only types may come in.
import { posix } from 'node:path'

/**
 * @typedef {{ name: string, paths: readonly string[], values: readonly string[], types: readonly string[],
 *   packages: readonly string[], node: boolean, pure?: boolean }} Layer
 * `paths` are folders (with a slash at the end) or files from the project root; `packages` are names, `@scope/*` is a whole scope;
 * `node` allows node: modules; `pure` forbids clocks, chance and everything of the surroundings as well.
 */

const TENSOR_PACKAGES = ['@tensorflow/*']

/** @type {readonly Layer[]} */
export const LAYERS = [
  layer('contract', { packages: ['zod'] }),
  layer('nas', { pure: true }),
  layer('vision', { pure: true }),
  layer('store', {
    values: ['contract', 'files'],
    types: ['nas'],
    packages: ['drizzle-orm', 'better-sqlite3'],
    node: true,
  }),
  layer('files', { values: ['contract'], node: true }),
  layer('formats', { values: ['contract'], types: ['nas'], node: true }),
  layer('datasets', { values: ['contract', 'vision', 'files'], packages: ['sharp'], node: true }),
  layer('compute', { values: ['contract'], packages: TENSOR_PACKAGES }),
  layer('supernet', { values: ['contract', 'nas', 'formats', 'compute'], packages: TENSOR_PACKAGES }),
  layer('tasks', {
    values: ['contract', 'nas', 'vision', 'compute', 'supernet', 'datasets'],
    packages: TENSOR_PACKAGES,
  }),
  layer('training', {
    values: ['contract', 'nas', 'vision', 'compute', 'supernet', 'datasets', 'tasks'],
    packages: TENSOR_PACKAGES,
  }),
  layer('worker', {
    values: [
      ...['contract', 'nas', 'vision', 'files', 'formats', 'compute', 'supernet', 'datasets', 'tasks'],
      'training',
    ],
    node: true,
  }),
  layer('engine', {
    values: ['contract', 'nas', 'vision', 'store', 'files', 'datasets'],
    packages: ['fastify', '@fastify/*', '@trpc/server', 'ws', 'bullmq', 'zod'],
    node: true,
  }),
  layer('cli', {
    values: ['contract', 'engine', 'files', 'formats', 'nas'],
    types: ['worker'],
    packages: ['citty', '@trpc/client', 'ws'],
    node: true,
  }),
  layer('desktop', {
    paths: ['src-main/desktop/', 'src-main/main.ts'],
    values: ['contract', 'files', 'bridge'],
    packages: ['electron'],
    node: true,
  }),
  layer('preload', {
    paths: ['src-preload/index.ts'],
    values: ['bridge'],
    types: ['contract'],
    packages: ['electron'],
  }),
  layer('bridge', { paths: ['src-preload/bridge.ts'], types: ['contract'] }),
  layer('renderer', {
    paths: ['src-renderer/'],
    values: ['contract', 'nas', 'vision'],
    types: ['engine', 'bridge'],
    packages: [
      ...['vue', 'pinia', 'vue-router', 'echarts', 'vue-echarts', 'naive-ui'],
      ...['@trpc/client', '@trpc/server', '@fontsource-variable/*', 'zod'],
    ],
  }),
]

/** Single files that may do what their layer may not, each with its reason. */
export const EXCEPTIONS = [
  {
    file: 'src-main/compute/tensorflow/load-binding.ts',
    allows: ['node:fs', 'node:module', 'node:path'],
    reason: 'a native binding is loaded by require, and this is the one file that loads it',
  },
  {
    file: 'src-main/compute/wasm/locate-wasm.ts',
    allows: ['node:module', 'node:path'],
    reason: 'the WebAssembly file lies inside a package, and this is the one file that finds it',
  },
  {
    file: 'src-main/compute/webgpu/open-device.ts',
    allows: ['node:module'],
    reason: 'the package is optional, and this is the one file that loads it',
  },
  {
    file: 'src-main/compute/webgpu/thread-channel.ts',
    allows: ['node:worker_threads'],
    reason:
      'WebGPU answers only to those who return to the event loop, so the GPU has a thread of its own, started here',
  },
  {
    file: 'src-main/compute/webgpu/device-thread.ts',
    allows: ['node:worker_threads'],
    reason: 'the entry of that thread',
  },
  {
    file: 'src-main/compute/webgpu/probe-in-child.ts',
    allows: ['node:child_process'],
    reason: 'a driver that crashes must take a child along, not the worker',
  },
]

/** Names that a pure layer may not use: clocks, chance, and the surroundings of one environment. */
export const IMPURE_NAMES = [
  ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
  ...['process', 'Buffer', 'require', 'crypto', 'fetch', 'console'],
  ...['globalThis', 'window', 'document', 'navigator', 'localStorage', 'sessionStorage'],
]

/**
 * @param {{ file: string, specifier: string, isTypeOnly: boolean }} edge - `file` with slashes, from the project root
 * @returns {string | null} why the import breaks the table, null when it is allowed
 */
export function judgeImport({ file, specifier, isTypeOnly }) {
  const from = layerOf(file)
  if (
    !from ||
    EXCEPTIONS.some((exception) => exception.file === file && exception.allows.includes(specifier))
  ) {
    return null
  }
  if (specifier.startsWith('.')) {
    return judgeLayer(from, posix.join(posix.dirname(file), specifier), isTypeOnly)
  }
  if (specifier.startsWith('node:')) {
    return from.node ? null : `${from.name} may not use ${specifier}: it has to run without Node`
  }
  return from.packages.some((name) => matchesPackage(name, specifier))
    ? null
    : `${from.name} may not use the package ${specifier}; allowed: ${from.packages.join(', ') || 'none'}`
}

/** @returns {Layer | undefined} */
export const layerOf = (file) =>
  LAYERS.find(({ paths }) =>
    paths.some((path) => (path.endsWith('/') ? file.startsWith(path) : file === path)),
  )

function judgeLayer(from, target, isTypeOnly) {
  const to = layerOf(target)
  if (!to) {
    return /^(resources|src-renderer)\//.test(target)
      ? null
      : `${from.name} may not import ${target}, which is in no layer`
  }
  if (to === from || from.values.includes(to.name) || (isTypeOnly && from.types.includes(to.name))) {
    return null
  }
  return from.types.includes(to.name)
    ? `${from.name} may import only types of ${to.name} (import type)`
    : `${from.name} may not import ${to.name}; allowed: ${[...from.values, ...from.types.map((name) => `${name} (types)`)].join(', ') || 'none'}`
}

const matchesPackage = (name, specifier) =>
  name.endsWith('/*')
    ? specifier.startsWith(name.slice(0, -1))
    : specifier === name || specifier.startsWith(`${name}/`)

function layer(
  name,
  { paths = [`src-main/${name}/`], values = [], types = [], packages = [], node = false, pure = false },
) {
  return { name, paths, values, types, packages, node, pure }
}
