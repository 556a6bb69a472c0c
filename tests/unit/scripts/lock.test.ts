import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { withLock } from '../../../scripts/setup/lock.mjs'

describe('withLock', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scalenas-lock-'))
    file = join(folder, 'deep/.lock')
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('lets one work at a time and says once that it waits', async () => {
    const order: string[] = []
    let waits = 0
    const first = withLock(file, {}, async () => {
      order.push('first in')
      await delay(300)
      order.push('first out')
    })
    const second = withLock(file, { onWait: () => waits++ }, () => {
      order.push('second in')
      return Promise.resolve()
    })
    await Promise.all([first, second])
    expect(order).toEqual(['first in', 'first out', 'second in'])
    expect(waits).toBe(1)
    expect(existsSync(file)).toBe(false)
  })

  it('is free again after the work has failed', async () => {
    await expect(withLock(file, {}, () => Promise.reject(new Error('full')))).rejects.toThrow('full')
    expect(await withLock(file, {}, () => Promise.resolve('done'))).toBe('done')
  })

  it('takes over the lock of a process that is gone', async () => {
    const gone = spawnSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).stdout.trim()
    await withLock(file, {}, () => Promise.resolve())
    writeFileSync(file, gone)
    expect(await withLock(file, {}, () => Promise.resolve('taken'))).toBe('taken')
  })
})
