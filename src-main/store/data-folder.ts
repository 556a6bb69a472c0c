import { statSync } from 'node:fs'
import { access, constants, mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { EngineError } from '../contract/index.ts'
import { narrowDataFolder } from './narrow-modes.ts'

const APPLICATION = 'scalenas-studio'

export interface PlatformFacts {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
}

/**
 * Where everything is kept unless `--data` or SCALENAS_DATA says otherwise: `$XDG_DATA_HOME/scalenas-studio` (Linux),
 * `~/Library/Application Support/scalenas-studio` (macOS), `%APPDATA%\scalenas-studio` (Windows).
 */
export function resolveDataFolder(
  asked: string | undefined,
  facts: PlatformFacts = { platform: process.platform, env: process.env, home: homedir() },
): string {
  const chosen = asked ?? facts.env['SCALENAS_DATA']
  if (chosen !== undefined && chosen !== '') {
    return resolve(chosen)
  }
  switch (facts.platform) {
    case 'darwin':
      return join(facts.home, 'Library', 'Application Support', APPLICATION)
    case 'win32':
      return join(facts.env['APPDATA'] ?? join(facts.home, 'AppData', 'Roaming'), APPLICATION)
    default:
      return join(absoluteOr(facts.env['XDG_DATA_HOME'], join(facts.home, '.local', 'share')), APPLICATION)
  }
}

/** The XDG rules tell us to ignore a relative path. */
function absoluteOr(path: string | undefined, fallback: string): string {
  return path?.startsWith('/') === true ? path : fallback
}

/** Paths below one data folder; ids are checked by their schemas before they come here. */
export interface DataPaths {
  readonly root: string
  readonly database: string
  readonly backups: string
  /** Says who holds the folder. */
  readonly lock: string
  /** What the kernel locks; nothing but kernel-lock.ts may open it. */
  readonly kernelLock: string
  readonly token: string
  readonly keptToken: string
  readonly cache: string
  readonly temporary: string
  readonly runs: string
  runFolder(runId: string): string
}

export function listDataPaths(root: string): DataPaths {
  return {
    root,
    database: join(root, 'studio.sqlite'),
    backups: join(root, 'backups'),
    lock: join(root, 'engine.lock'),
    kernelLock: join(root, 'engine-lock.sqlite'),
    token: join(root, 'engine.token'),
    keptToken: join(root, 'token'),
    cache: join(root, 'cache'),
    temporary: join(root, 'tmp'),
    runs: join(root, 'runs'),
    runFolder: (runId) => join(root, 'runs', runId),
  }
}

/**
 * Makes the data folder, for its owner alone, and proves that a file can be written into it.
 * @throws EngineError STORAGE with the folder and the reason of the system.
 */
export async function prepareDataFolder(paths: DataPaths): Promise<void> {
  try {
    await makeFolder(paths.root)
    await proveWritable(paths.root)
    for (const folder of [paths.runs, paths.cache, paths.temporary]) {
      await makeFolder(folder)
    }
    narrowDataFolder(paths.root)
  } catch (thrown) {
    const what = thrown instanceof EngineError ? thrown.message : reasonOf(thrown)
    throw new EngineError(
      'STORAGE',
      `The data folder ${paths.root} cannot be written (${what}). Choose another with --data or SCALENAS_DATA.`,
    )
  }
}

/** Writes and removes a small file; root passes every access check on a read-only mount, a write does not. */
export async function proveWritable(folder: string): Promise<void> {
  await access(folder, constants.W_OK)
  const probe = join(folder, `.probe-${process.pid}`)
  try {
    await writeFile(probe, 'probe')
  } finally {
    await rm(probe, { force: true })
  }
}

/** Free and total bytes of the disk that holds a folder, as an ordinary user may use them. */
export async function measureDisk(
  folder: string,
): Promise<{ readonly free: number; readonly total: number }> {
  const facts = await statfs(folder)
  return { free: facts.bavail * facts.bsize, total: facts.blocks * facts.bsize }
}

/** Not `mkdir` with `recursive`: that one never returns where a file system answers ENOENT to a new folder, as /proc does. */
async function makeFolder(folder: string): Promise<void> {
  const facts = statSync(folder, { throwIfNoEntry: false })
  if (facts !== undefined) {
    if (!facts.isDirectory()) {
      throw new EngineError('STORAGE', `${folder} is no folder`)
    }
    return
  }
  const parent = dirname(folder)
  if (parent !== folder) {
    await makeFolder(parent)
  }
  await mkdir(folder, { mode: 0o700 })
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) {
    const { code } = thrown as NodeJS.ErrnoException
    return code ?? thrown.message
  }
  return String(thrown)
}
