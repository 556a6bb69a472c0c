import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '../support/engine-core.ts'
import { runFlood } from '../torture/flood.ts'

const ENTRY = fileURLToPath(new URL('../support/engine-process.ts', import.meta.url))

describe('a flood', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let child: ChildProcess
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    child.kill('SIGKILL')
    folder.remove()
  })

  it('of clients, requests and half requests is answered, leaks nothing and leaves no socket', async () => {
    const env = { ...process.env, ENGINE_DATA: folder.folder }
    child = fork(ENTRY, [], { env, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const { url, token } = await new Promise<{ url: string; token: string }>((resolve, reject) => {
      child.once('message', (message) => resolve(message as { url: string; token: string }))
      child.once('exit', (code) => reject(new Error(`the engine ended with ${String(code)}`)))
    })
    const size = { clients: 12, requests: 1500, halfRequests: 120 }
    const flood = await runFlood({ url, token, ...size, seed: 1, pid: child.pid ?? 0 })
    expect(flood.webSocket).toMatchObject({ answers: 12 * 20, errors: [] })
    expect(flood.http).toMatchObject({ answers: 1500, errors: [], unexpected: [] })
    expect(flood.http.byStatus[401]).toBeGreaterThan(300)
    expect(flood.halfRequests).toEqual({ opened: 120, refused: 0 })
    if (process.platform === 'linux') {
      expect(flood.socketsLeft).toBe(0)
      expect(flood.before?.residentMb).toBeGreaterThan(20)
    }
  })
})
