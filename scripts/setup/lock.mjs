// A lock between processes: a file with the holder's pid, so that the lock of a killed process is seen as free. Node built-ins only.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 200

/**
 * Runs `work` while holding the lock; waits for another holder, however long it lives.
 *
 * @template T
 * @param {string} file
 * @param {{ onWait?: () => void }} options - `onWait` is called once when the lock is taken
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, { onWait }, work) {
  mkdirSync(dirname(file), { recursive: true })
  let hasWaited = false
  while (!tryTake(file)) {
    if (!hasWaited) {
      hasWaited = true
      onWait?.()
    }
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function tryTake(file) {
  const own = `${file}.${process.pid}`
  writeFileSync(own, String(process.pid))
  try {
    linkSync(own, file) // unlike open and write, this makes the lock and its content appear in one step
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error
    }
    if (!isHolderAlive(file)) {
      rmSync(file, { force: true })
    }
    return false
  } finally {
    rmSync(own, { force: true })
  }
}

function isHolderAlive(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM' // alive under another user; ESRCH: dead; ENOENT: released meanwhile
  }
}
