import { chmodSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectServices } from '../../../../src-main/cli/remote-services.ts'
import { findEngine } from '../../../../src-main/engine/find-engine.ts'
import { startEngine } from '../../../../src-main/engine/start-engine.ts'
import type { Engine, EngineOptions } from '../../../../src-main/engine/start-engine.ts'
import { createTemporaryFolder, RESOURCES_FOLDER } from '../../../support/engine-core.ts'
import { FakeExecutor } from '../../../support/fake-executor.ts'

describe('the token of an engine', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const engines: Engine[] = []
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()))
    folder.remove()
  })

  async function start(options: Partial<EngineOptions> = {}): Promise<Engine> {
    const engine = await startEngine({
      ...{ dataFolder: folder.folder, rendererFolder: null, workerEntry: new URL('file:///unused') },
      ...{ resourcesFolder: RESOURCES_FOLDER, codeVersion: 'test', executor: new FakeExecutor() },
      ...options,
    })
    engines.push(engine)
    return engine
  }
  async function statusWith(token: string, { url }: Engine): Promise<number> {
    const path = '/api/runs/r-nobody1/preview/s1/image'
    return (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).status
  }

  it('lasts over restarts, in a file of its own', async () => {
    const first = await start()
    const { token } = first
    await first.close()
    const file = join(folder.folder, 'token')
    expect(readFileSync(file, 'utf8')).toBe(token)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await start()).token).toBe(token)
  })

  it('that others could have read is not taken again', async () => {
    const first = await start()
    const { token } = first
    await first.close()
    chmodSync(join(folder.folder, 'token'), 0o644)
    const next = await start()
    expect(next.token).not.toBe(token)
    expect(await statusWith(token, next)).toBe(401)
  })

  it('is renewed while it runs: the old one ends for calls, files and open connections', async () => {
    const renewed: string[] = []
    const engine = await start({ onTokenRenewed: (token) => renewed.push(token) })
    const old = engine.token
    const stranger = connectServices({ url: engine.url, token: old }, 500)
    const endless = stranger.services.runs
      .events({ runId: null, afterSeq: null, signal: new AbortController().signal })
      [Symbol.asyncIterator]()
      .next()
    // Judged below; until then nobody waits for it.
    endless.catch(() => undefined)
    const follower = connectServices({
      url: engine.url,
      token: () => findEngine(folder.folder)?.token ?? old,
    })
    await follower.services.system.status()

    await follower.services.system.renewToken()
    expect(engine.token).not.toBe(old)
    expect(renewed).toEqual([engine.token])
    expect(findEngine(folder.folder)?.token).toBe(engine.token)
    expect(readFileSync(join(folder.folder, 'token'), 'utf8')).toBe(engine.token)
    expect([await statusWith(old, engine), await statusWith(engine.token, engine)]).toEqual([401, 404])
    await expect(endless).rejects.toThrow()
    await expect(stranger.services.runs.list()).rejects.toThrow()
    expect(await follower.services.runs.list()).toEqual([])
    await Promise.all([stranger.close(), follower.close()])
  })

  it('that was given at the start is neither kept nor renewed', async () => {
    const engine = await start({ token: 'given' })
    await expect(engine.services.system.renewToken()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await statusWith('given', engine)).toBe(404)
    expect(() => statSync(join(folder.folder, 'token'))).toThrow(/ENOENT/)
  })
})
