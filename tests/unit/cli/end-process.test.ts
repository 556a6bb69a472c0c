import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '../../support/engine-core.ts'
import { makePipe } from '../../support/make-pipe.ts'

describe.runIf(process.platform !== 'win32')('a process with a thread that waits for a mount', () => {
  it('ends all the same, with its exit code', { timeout: 60_000 }, () => {
    const { folder, remove } = createTemporaryFolder()
    const pipe = makePipe(join(folder, 'pipe'))
    const child = new URL('stuck-child.ts', import.meta.url).pathname
    const { status, signal, stdout } = spawnSync(process.execPath, [child, pipe], { timeout: 30_000 })
    expect(stdout.toString()).toContain('has not answered')
    expect({ status, signal }).toEqual({ status: 2, signal: null })
    remove()
  })
})
