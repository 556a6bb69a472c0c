import { spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listDataPaths } from '../../../src-main/store/data-folder.ts'
import { acquireEngineLock, findLiveEngine, readEngineToken } from '../../../src-main/store/engine-lock.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

describe('the lock of a data folder', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    folder.remove()
  })
  const paths = () => listDataPaths(folder.folder)

  it('refuses a second engine and says where the first is', () => {
    const lock = acquireEngineLock(paths())
    lock.publish('http://127.0.0.1:7420', 'secret')
    expect(() => acquireEngineLock(paths())).toThrow(
      new RegExp(`process id ${String(process.pid)} \\(http://127.0.0.1:7420\\)`),
    )
    lock.release()
    acquireEngineLock(paths()).release()
  })

  it('keeps the token in a file of its own that only the owner may read', () => {
    const lock = acquireEngineLock(paths())
    lock.publish('http://127.0.0.1:1', 'secret')
    expect(readEngineToken(paths())).toBe('secret')
    expect(statSync(paths().token).mode & 0o777).toBe(0o600)
    expect(readFileSync(paths().lock, 'utf8')).not.toContain('secret')
    lock.release()
    expect(readEngineToken(paths())).toBeNull()
  })

  it('is taken over from a process that was killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'])
    const own = acquireEngineLock(paths())
    const holder = findLiveEngine(paths())
    own.release()
    writeFileSync(
      paths().lock,
      JSON.stringify({ ...holder, pid: child.pid, processStart: null, nonce: 'theirs' }),
    )
    expect(() => acquireEngineLock(paths())).toThrow(/in use/)
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
    expect(findLiveEngine(paths())).toBeNull()
    acquireEngineLock(paths()).release()
  })

  it.runIf(process.platform === 'linux')(
    'is taken over when the process id now belongs to another program',
    () => {
      const other = { pid: process.pid, processStart: '1', url: null, nonce: 'old' }
      writeFileSync(paths().lock, JSON.stringify(other))
      expect(findLiveEngine(paths())).toBeNull()
      acquireEngineLock(paths()).release()
    },
  )

  it('is taken over from a file that names nobody', () => {
    writeFileSync(paths().lock, '{"pid": 12')
    acquireEngineLock(paths()).release()
  })

  it('is not removed by an engine that lost it', () => {
    const lock = acquireEngineLock(paths())
    writeFileSync(
      paths().lock,
      JSON.stringify({ pid: process.pid, processStart: null, url: null, nonce: 'other' }),
    )
    lock.release()
    expect(findLiveEngine(paths())?.nonce).toBe('other')
  })
})
