import { describe, expect, it } from 'vitest'
import { createEngineKeeper } from '../../../src-main/desktop/engine-keeper.ts'
import type { EngineAddress, EngineProcess, EngineStarter } from '../../../src-main/desktop/engine-starter.ts'

/** Engines that become ready and die when the test says so. */
function createFakeStarter(): { starter: EngineStarter; lives: FakeLife[] } {
  const lives: FakeLife[] = []
  const starter: EngineStarter = {
    kind: 'node-child',
    start() {
      const life = new FakeLife()
      lives.push(life)
      return life
    },
  }
  return { starter, lives }
}

class FakeLife implements EngineProcess {
  readonly #address = Promise.withResolvers<EngineAddress>()
  readonly #exit = Promise.withResolvers<string>()
  readonly ready = this.#address.promise
  readonly lastOutput = (): readonly string[] => ['Error: disk is full']
  becomeReady(port: number): void {
    this.#address.resolve({ url: `http://127.0.0.1:${port}`, token: 'secret' })
  }
  die(reason: string): void {
    this.#address.reject(new Error(reason))
    this.#exit.resolve(reason)
  }
  readonly #moved: ((address: EngineAddress) => void)[] = []
  onMoved(callback: (address: EngineAddress) => void): void {
    this.#moved.push(callback)
  }
  renewToken(token: string): void {
    this.#moved.forEach((tell) => {
      tell({ url: 'http://127.0.0.1:1', token })
    })
  }
  onExit(callback: (reason: string) => void): void {
    void this.#exit.promise.then(callback)
  }
  stop(): Promise<void> {
    this.die('ended by SIGTERM')
    return Promise.resolve()
  }
}

function createKeeper() {
  const { starter, lives } = createFakeStarter()
  const seen = { changes: 0, waits: [] as number[], givenUp: [] as string[] }
  const keeper = createEngineKeeper({
    starter,
    onChanged: () => {
      seen.changes++
    },
    onGivenUp: (reason) => seen.givenUp.push(reason),
    log: () => undefined,
    now: () => 0,
    delay: (ms) => {
      seen.waits.push(ms)
      return Promise.resolve()
    },
  })
  keeper.start()
  return { keeper, lives, seen }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('createEngineKeeper', () => {
  it('answers with the address once the engine is ready, and announces nothing', async () => {
    const { keeper, lives, seen } = createKeeper()
    const asked = keeper.address()
    lives[0]?.becomeReady(4001)
    expect(await asked).toEqual({ url: 'http://127.0.0.1:4001', token: 'secret' })
    expect(seen.changes).toBe(0)
  })

  it('announces a renewed token of the same engine', async () => {
    const { keeper, lives, seen } = createKeeper()
    lives[0]?.becomeReady(1)
    await settle()
    lives[0]?.renewToken('new')
    expect(await keeper.address()).toEqual({ url: 'http://127.0.0.1:1', token: 'new' })
    expect(seen.changes).toBe(1)
    lives[0]?.die('ended by SIGKILL')
    await settle()
    lives[1]?.becomeReady(2)
    expect((await keeper.address()).url).toBe('http://127.0.0.1:2')
  })

  it('starts a dead engine again and announces the new address', async () => {
    const { keeper, lives, seen } = createKeeper()
    lives[0]?.becomeReady(4001)
    await settle()
    lives[0]?.die('ended by SIGKILL')
    await settle()
    const asked = keeper.address()
    lives[1]?.becomeReady(4002)
    expect((await asked).url).toBe('http://127.0.0.1:4002')
    expect(seen).toMatchObject({ changes: 1, waits: [500] })
  })

  it('whoever asked before the first engine died in its start is answered by the second', async () => {
    const { keeper, lives } = createKeeper()
    const asked = keeper.address()
    lives[0]?.die('exit code 1')
    await settle()
    lives[1]?.becomeReady(4002)
    expect((await asked).url).toBe('http://127.0.0.1:4002')
  })

  it('gives up after five restarts, with the last words of the engine', async () => {
    const { keeper, lives, seen } = createKeeper()
    for (let life = 0; life < 6; life++) {
      lives[life]?.die('exit code 1')
      await settle()
    }
    expect(lives).toHaveLength(6)
    expect(seen.givenUp).toEqual([
      'The engine died too often and was not started again: exit code 1\nError: disk is full',
    ])
    await expect(keeper.address()).rejects.toThrow('disk is full')
  })

  it('does not restart an engine that it was told to stop', async () => {
    const { keeper, lives } = createKeeper()
    lives[0]?.becomeReady(4001)
    await settle()
    await keeper.stop()
    await settle()
    expect(lives).toHaveLength(1)
  })
})
