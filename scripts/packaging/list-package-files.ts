import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { minimatch } from 'minimatch'
import type { PackageConfig } from './package-config.ts'

export interface PackageFile {
  /** From the project root, with slashes. */
  readonly path: string
  /** Lies beside the archive, where a plain Node and the system's loader find it. */
  readonly isUnpacked: boolean
}

interface LockEntry {
  readonly dev?: boolean
  readonly devOptional?: boolean
}

/** Every file of the project that goes into a package, as electron-builder picks them: by pattern, and packages that are needed at run time. */
export function listPackageFiles(
  root: string,
  { files, asarUnpack }: Pick<PackageConfig, 'files' | 'asarUnpack'>,
): readonly PackageFile[] {
  const own = globSync(
    files.filter((pattern) => !pattern.startsWith('!')),
    { cwd: root, withFileTypes: true },
  )
    .filter((entry) => entry.isFile())
    .map((entry) => slashed(join(entry.parentPath, entry.name).slice(root.length + 1)))
  const packages = listRuntimePackages(root).flatMap((folder) => listFolder(root, folder))
  return [...new Set([...own, ...packages])]
    .filter((path) => path.includes('node_modules/') || isChosen(path, files))
    .filter((path) => !files.some((pattern) => pattern.startsWith('!') && fits(path, pattern.slice(1))))
    .map((path) => ({ path, isUnpacked: asarUnpack.some((pattern) => fits(path, pattern)) }))
}

/** Folders of the packages that the lock file needs at run time and that are installed on this platform. */
export function listRuntimePackages(root: string): readonly string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockEntry>>
  }
  return Object.entries(lock.packages)
    .filter(([folder, { dev, devOptional }]) => folder !== '' && dev !== true && devOptional !== true)
    .map(([folder]) => folder)
}

function listFolder(root: string, folder: string): readonly string[] {
  return globSync(['**/*', '**/.*', '**/.*/**/*'], {
    cwd: join(root, folder),
    withFileTypes: true,
    exclude: isNested,
  })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => slashed(join(entry.parentPath, entry.name).slice(root.length + 1)))
}

/** Packages inside of packages have lines of their own in the lock file. */
function isNested({ name }: { readonly name: string }): boolean {
  return name === 'node_modules'
}

function isChosen(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(path, pattern))
}

function fits(path: string, pattern: string): boolean {
  return minimatch(path, pattern, { dot: true })
}

function slashed(path: string): string {
  return path.replaceAll('\\', '/')
}
