import { existsSync, rmSync, statSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { CopyThreadAnswer, CopyThreadData } from './copy-thread.types.ts'
import type { DataPaths } from './data-folder.ts'
import { dailyCopyName, hasRoomForCopy, isCopyDue, listCopies, surplusCopies } from './database-copies.ts'

export interface DailyCopiesOptions {
  readonly paths: DataPaths
  /** A database without runs would only push out copies of one that had some. */
  readonly hasRuns: () => boolean
  readonly now: () => number
  /** Why no copy was made; the work goes on without it. */
  readonly warn: (message: string) => void
  /** Default: what the file system says. */
  readonly freeBytes?: () => number
}

export interface DailyCopies {
  /** Makes a copy if one is due; resolves once it is there or was skipped. */
  copyIfDue(): Promise<void>
  /** Waits for a copy under way, so that its draft does not stay. */
  close(): Promise<void>
}

/** An engine that runs for weeks looks this often whether a day has passed. */
const LOOK_EVERY_MS = 3_600_000

/** A copy of the database a day in `backups`, as long as an engine runs. @returns after the first look has begun. */
export function keepDailyCopies(options: DailyCopiesOptions): DailyCopies {
  let underWay: Promise<void> | null = null
  const copyIfDue = (): Promise<void> => {
    underWay ??= copyOnce(options).finally(() => {
      underWay = null
    })
    return underWay
  }
  const timer = setInterval(() => void copyIfDue(), LOOK_EVERY_MS)
  timer.unref()
  void copyIfDue()
  return {
    copyIfDue,
    async close() {
      clearInterval(timer)
      await underWay
    },
  }
}

/** Never rejects: a copy that cannot be made is no reason for a run to fail. */
async function copyOnce(options: DailyCopiesOptions): Promise<void> {
  const { paths, now, warn } = options
  try {
    const copies = listCopies(paths.backups)
    if (!isCopyDue(copies, now()) || !options.hasRuns()) {
      return
    }
    const needed = sizeOf(paths.database) + sizeOf(`${paths.database}-wal`)
    const free = options.freeBytes?.() ?? measureFree(paths.root)
    if (!hasRoomForCopy(needed, free)) {
      warn(
        `The daily copy of the database is skipped: it takes ${megabytes(needed)}, ${megabytes(free)} are free.`,
      )
      return
    }
    const target = join(paths.backups, dailyCopyName(now()))
    const error = await copyInThread({ database: paths.database, target })
    if (error !== null) {
      warn(`The daily copy of the database was not made: ${error}`)
      return
    }
    surplusCopies(listCopies(paths.backups), 'daily').forEach((file) => {
      rmSync(file, { force: true })
    })
  } catch (thrown) {
    warn(`The daily copy of the database was not made: ${String(thrown)}`)
  }
}

/** @returns what went wrong, or null. */
function copyInThread(workerData: CopyThreadData): Promise<string | null> {
  return new Promise((resolve) => {
    const thread = new Worker(findThreadEntry(), { workerData, name: 'copy of the database' })
    thread.once('message', ({ error }: CopyThreadAnswer) => {
      resolve(error)
    })
    thread.once('error', (thrown) => {
      resolve(String(thrown))
    })
    thread.once('exit', (code) => {
      resolve(`its thread ended with code ${String(code)}`)
    })
  })
}

/** The build puts what several entries share one folder below them. */
function findThreadEntry(): URL {
  const names = ['./copy-thread.ts', './copy-thread.js', '../copy-thread.js']
  const found = names.map((name) => new URL(name, import.meta.url)).find((url) => existsSync(url))
  if (found === undefined) {
    throw new Error('copy-thread.js is missing from the build')
  }
  return found
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function measureFree(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`
}
