import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectServices } from '../../src-main/cli/remote-services.ts'
import { createTemporaryFolder } from '../support/engine-core.ts'

const ENTRY = join(import.meta.dirname, '../../src-main/engine/main.ts')

interface Ready {
  readonly kind: string
  readonly url: string
  readonly token: string
}

describe('the engine process of the desktop', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const children: ChildProcess[] = []
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(() => {
    children.splice(0).forEach((child) => child.kill('SIGKILL'))
    folder.remove()
  })

  function start(): { child: ChildProcess; ready: Promise<Ready>; exited: Promise<number | null> } {
    const env = { ...process.env, SCALENAS_DATA: folder.folder }
    const child = fork(ENTRY, [], { env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    children.push(child)
    return {
      child,
      ready: new Promise((resolve) => child.once('message', (message) => resolve(message as Ready))),
      exited: new Promise((resolve) => child.once('exit', resolve)),
    }
  }

  it('tells its address, and ends with its parent', async () => {
    const { child, ready, exited } = start()
    const { kind, url, token } = await ready
    expect(kind).toBe('engine-ready')
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect((await fetch(url)).status).toBe(200)
    expect(token.length).toBeGreaterThan(40)
    child.disconnect()
    expect(await exited).toBe(0)
  })

  it('tells the address of the engine that has the folder already, and ends when that one does', async () => {
    const first = start()
    const address = await first.ready
    const second = start()
    expect(await second.ready).toEqual(address)
    first.child.kill('SIGTERM')
    expect(await first.exited).toBe(0)
    expect(await second.exited).toBe(0)
  })

  it('tells a renewed token, also when it follows the engine of another process', async () => {
    const first = start()
    const { url, token } = await first.ready
    const second = start()
    await second.ready
    const told = [first, second].map(
      ({ child }) =>
        new Promise<Ready>((resolve) => child.once('message', (message) => resolve(message as Ready))),
    )
    const remote = connectServices({ url, token })
    await remote.services.system.renewToken()
    await remote.close()
    const [fromFirst, fromSecond] = await Promise.all(told)
    expect(fromFirst).toMatchObject({ kind: 'engine-ready', url })
    expect(fromFirst?.token).not.toBe(token)
    expect(fromSecond).toEqual(fromFirst)
  })

  it('ends with the reason on stderr when the folder cannot be used', async () => {
    const child = fork(ENTRY, [], {
      ...{ env: { ...process.env, SCALENAS_DATA: '/proc/nothing' }, execArgv: [] },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    children.push(child)
    let printed = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
    })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect(code).toBe(1)
    expect(printed).toMatch(/STORAGE: The data folder \/proc\/nothing cannot be written/)
  })
})
