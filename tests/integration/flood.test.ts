import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTemporaryFolder } from '../support/engine-core.ts'
import { forkEngine } from '../support/fork-engine.ts'
import { runFlood } from '../torture/flood.ts'

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
    const engine = await forkEngine(folder.folder)
    child = engine.child
    const { url, token } = engine.address
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
