import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { EngineError } from '../contract/index.ts'
import type { DataPaths } from './data-folder.ts'
import { isKernelLocked, takeKernelLock } from './kernel-lock.ts'
import { isOldEngine, readLockHolder, readProcessStart, writeLockHolder } from './lock-holder.ts'
import type { LockHolder } from './lock-holder.ts'
import { networkTypeOf, refuseNetworkFolder } from './network-folder.ts'

export interface EngineLock {
  /** Says where the engine listens, for the command line to find it. */
  publish(url: string, token: string): void
  release(): void
}

/**
 * Takes the data folder for this process. The kernel holds the lock and gives it back at any death of the process.
 * @throws EngineError CONFLICT with process id, machine and address of the engine that has it; STORAGE where locks cannot be had.
 */
export function acquireEngineLock(paths: DataPaths): EngineLock {
  const network = networkTypeOf(paths.root)
  refuseNetworkFolder(paths.root, network)
  const kernelLock = takeKernelLock(paths.kernelLock)
  if (kernelLock === null) {
    throw heldError(paths, readLockHolder(paths))
  }
  try {
    refuseOthers(paths, network)
    const nonce = randomUUID()
    const processStart = readProcessStart(process.pid)
    const own = { pid: process.pid, host: hostname(), processStart, url: null, nonce }
    tellHolder(paths, own)
    return createLock(paths, own, () => {
      kernelLock.release()
    })
  } catch (thrown) {
    kernelLock.release()
    throw thrown
  }
}

/** The live engine of a data folder; null when there is none or it has not said yet who it is. */
export function findLiveEngine(paths: DataPaths): LockHolder | null {
  const holder = readLockHolder(paths)
  if (holder === null) {
    return null
  }
  return isOldEngine(holder) || (holder.host !== null && isKernelLocked(paths.kernelLock)) ? holder : null
}

export function readEngineToken(paths: DataPaths): string | null {
  try {
    return readFileSync(paths.token, 'utf8')
  } catch {
    // Gone with its engine, or of another user: either way there is no token for us.
    return null
  }
}

function createLock(paths: DataPaths, own: LockHolder, unlock: () => void): EngineLock {
  let isReleased = false
  return {
    publish(url, token) {
      // A file that a killed engine left keeps its mode, so it goes first.
      rmSync(paths.token, { force: true })
      writeFileSync(paths.token, token, { mode: 0o600 })
      tellHolder(paths, { ...own, url })
    },
    release() {
      if (isReleased) {
        return
      }
      isReleased = true
      if (readLockHolder(paths)?.nonce === own.nonce) {
        rmSync(paths.token, { force: true })
        rmSync(paths.lock, { force: true })
      }
      // Last: until here nobody else may write those two.
      unlock()
    },
  }
}

/** Engines that the lock of the kernel says nothing of: of version 0.1, or on another machine of a network file system. */
function refuseOthers(paths: DataPaths, network: string | null): void {
  const holder = readLockHolder(paths)
  if (holder === null) {
    return
  }
  if (isOldEngine(holder)) {
    const advice = `If process ${holder.pid} is no engine, remove ${paths.lock}.`
    throw heldError(paths, holder, advice)
  }
  if (network !== null && holder.host !== null && holder.host !== hostname()) {
    const advice = `It is on a network file system (${network}); if that engine has ended, remove ${paths.lock}.`
    throw heldError(paths, holder, advice)
  }
}

function tellHolder(paths: DataPaths, holder: LockHolder): void {
  try {
    writeLockHolder(paths, holder)
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
    throw new EngineError(
      'STORAGE',
      `The file ${paths.lock} cannot be written (${code}). Free space, or remove it if it is a folder or belongs to another user.`,
    )
  }
}

function heldError(paths: DataPaths, holder: LockHolder | null, advice = ''): EngineError {
  const isHere = holder === null || holder.host === null || holder.host === hostname()
  const host = isHere ? '' : ` on the host ${holder.host}`
  const who = holder === null ? 'another engine' : `the engine with process id ${holder.pid}${host}`
  const where = holder?.url === null || holder === null ? '' : ` (${holder.url})`
  const rest = 'Use that engine, stop it, or give another folder with --data.'
  return new EngineError(
    'CONFLICT',
    `The data folder ${paths.root} is in use by ${who}${where}. ${rest}${advice === '' ? '' : ` ${advice}`}`,
  )
}
