// A lock between processes: a file with the holder's pid, so that the lock of a killed process is seen as free. Node built-ins only.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
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
  try {
    const fd = openSync(file, 'wx')
    writeSync(fd, String(process.pid))
    closeSync(fd)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw error
    }
    if (!isHolderAlive(file)) {
      rmSync(file, { force: true })
    }
    return false
  }
}

function isHolderAlive(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid === 0) {
      return true // taken this very moment, the pid is about to be written
    }
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM' // alive under another user; ESRCH: dead; ENOENT: released meanwhile
  }
}
