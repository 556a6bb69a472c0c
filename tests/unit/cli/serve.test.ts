import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Command, CommandContext } from '../../../src-main/cli/command-line.ts'
import { serveCommand } from '../../../src-main/cli/commands/serve.ts'
import { tokenCommand } from '../../../src-main/cli/commands/token.ts'
import { listOutwardUrls } from '../../../src-main/cli/page-address.ts'
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts'
import { removeEntryPage, writeEntryPage } from '../../../src-main/engine/entry-page.ts'
import { createTemporaryFolder, openTestStore, RESOURCES_FOLDER } from '../../support/engine-core.ts'

const COMMANDS: Record<string, Command> = { serve: serveCommand, token: tokenCommand }

describe('scalenas serve and scalenas token', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  const ends: (() => Promise<unknown>)[] = []
  beforeEach(() => {
    folder = createTemporaryFolder()
  })
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()))
    folder.remove()
  })

  interface Started {
    readonly out: string[]
    readonly err: string[]
    readonly code: Promise<number>
    readonly stop: () => Promise<number>
  }

  function start(...args: string[]): Started {
    const out: string[] = []
    const err: string[] = []
    const interrupt = new AbortController()
    const context: CommandContext = {
      parts: {
        ...{ workerEntry: new URL('file:///unused'), resourcesFolder: RESOURCES_FOLDER },
        ...{
          rendererFolder: new URL('file:///nowhere/'),
          projectRoot: new URL('../../../', import.meta.url),
        },
        codeVersion: 'test',
      },
      terminal: { out: (text) => out.push(text), err: (text) => err.push(text), isInteractive: false },
      interrupted: interrupt.signal,
    }
    const code = runCommandLine(COMMANDS, [...args, '--data', data()], context)
    const stop = (): Promise<number> => {
      interrupt.abort()
      return code
    }
    ends.push(stop)
    return { out, err, code, stop }
  }
  const data = (): string => join(folder.folder, 'data')

  async function serve(...args: string[]): Promise<Started & { readonly address: string }> {
    const started = start('serve', '--no-open', ...args)
    await expect.poll(() => started.out[0], { timeout: 20_000 }).toMatch(/is at http/)
    return { ...started, address: (started.out[0] ?? '').replace('ScaleNAS Studio is at ', '') }
  }

  it('prints the same address again where it serves already', async () => {
    const { address } = await serve('--port', '0')
    const { port } = new URL(address)
    for (const args of [
      [],
      ['--port', port],
      ['--host', '127.0.0.1'],
      ['--host', 'localhost', '--port', port],
    ]) {
      const again = start('serve', '--no-open', ...args)
      expect(await again.code).toBe(0)
      expect(again.out).toEqual([address])
    }
  })

  it.each([
    [['--port', '7'], /at 127\.0\.0\.1:\d+ \(http:\/\/127\.0\.0\.1:\d+\), not at 7\./],
    [['--host', '0.0.0.0'], /not at 0\.0\.0\.0\./],
    [['--host', '::1', '--port', '7'], /not at ::1:7\./],
  ])('refuses another address for a folder that is served: %s', async (args, message) => {
    await serve('--port', '0')
    const other = start('serve', '--no-open', ...args)
    expect(await other.code).toBe(2)
    expect(other.out).toEqual([])
    expect(other.err.join('\n')).toMatch(message)
  })

  it('knows that it listens on all addresses', async () => {
    const { address, out, err } = await serve('--port', '0', '--host', '0.0.0.0')
    const again = start('serve', '--no-open', '--host', '0.0.0.0')
    expect(await again.code).toBe(0)
    expect(again.out).toEqual([address])
    expect(await start('serve', '--no-open', '--host', '127.0.0.1').code).toBe(2)
    expect(err[0]).toMatch(/^Warning: 0\.0\.0\.0 can be reached from other machines/)
    const outward = listOutwardUrls('0.0.0.0', Number(new URL(address).port))
    const token = new URL(address).hash
    expect(out.slice(1)).toEqual(outward.map((url) => `From other machines: ${url}/${token}`))
    for (const url of outward) {
      expect((await fetch(url)).status).toBe(200)
    }
  })

  it('names the addresses of all interfaces that other machines reach', () => {
    const at = (family: 'IPv4' | 'IPv6', address: string, internal: boolean) =>
      ({ family, address, internal }) as NonNullable<NodeJS.Dict<never[]>[string]>[number]
    const interfaces = {
      lo: [at('IPv4', '127.0.0.1', true)],
      eth0: [at('IPv4', '192.0.2.7', false), at('IPv6', '2001:db8::7', false), at('IPv6', 'fe80::7', false)],
    }
    expect(listOutwardUrls('127.0.0.1', 1, interfaces)).toEqual([])
    expect(listOutwardUrls('0.0.0.0', 1, interfaces)).toEqual(['http://192.0.2.7:1'])
    expect(listOutwardUrls('::', 1, interfaces)).toEqual(['http://192.0.2.7:1', 'http://[2001:db8::7]:1'])
  })

  it('the token is the same after a restart, and that which "token" prints', async () => {
    const first = await serve('--port', '0')
    const printed = start('token')
    expect(await printed.code).toBe(0)
    expect(printed.out).toEqual([first.address])
    await first.stop()
    const kept = start('token')
    expect(await kept.code).toBe(0)
    expect(kept.out).toEqual([new URL(first.address).hash.replace('#token=', '')])
    const second = await serve('--port', '0')
    expect(new URL(second.address).hash).toBe(new URL(first.address).hash)
  })

  it('"token --renew" makes a new one, with and without an engine', async () => {
    const { address, stop } = await serve('--port', '0')
    const renewed = start('token', '--renew')
    expect(await renewed.code).toBe(0)
    const [next = ''] = renewed.out
    expect(next).toMatch(/#token=[\w-]{43}$/)
    expect(next).not.toBe(address)
    const status = async (from: string): Promise<number> => {
      const { origin, hash } = new URL(from)
      const headers = { authorization: `Bearer ${hash.replace('#token=', '')}` }
      return (await fetch(`${origin}/api/runs/r-nobody1/preview/s/image`, { headers })).status
    }
    expect([await status(address), await status(next)]).toEqual([401, 404])
    await stop()
    const file = join(data(), 'token')
    const before = readFileSync(file, 'utf8')
    expect(next).toContain(before)
    const offline = start('token', '--renew', '--json')
    expect(await offline.code).toBe(0)
    expect(JSON.parse(offline.out[0] ?? '')).toEqual({ token: readFileSync(file, 'utf8'), url: null })
    expect(readFileSync(file, 'utf8')).not.toBe(before)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('"token" says where there is none yet', async () => {
    for (const args of [['token'], ['token', '--renew']]) {
      const none = start(...args)
      expect(await none.code).toBe(2)
      expect(none.err.join()).toMatch(/"scalenas serve"|first engine makes it/)
    }
  })

  it('a browser is started with a file that only the owner reads, not with the token', async () => {
    const store = await openTestStore(data())
    const page = writeEntryPage(data(), 'http://127.0.0.1:1/#token=abc')
    expect(statSync(page).mode & 0o777).toBe(0o600)
    expect(page.startsWith(store.paths.root)).toBe(true)
    expect(readFileSync(page, 'utf8')).toContain('content="0;url=http://127.0.0.1:1/#token=abc"')
    expect(writeEntryPage(data(), 'http://127.0.0.1:1/#token=def')).toBe(page)
    removeEntryPage(data())
    expect(() => statSync(page)).toThrow(/ENOENT/)
    store.close()
    expect(fileURLToPath(new URL(`file://${page}`))).toBe(page)
  })
})
