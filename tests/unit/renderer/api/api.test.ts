import { TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../../../src-main/contract/index.ts'
import { browserSource, desktopSource } from '../../../../src-renderer/api/connection-source.ts'
import { errorInfoOf, isConnectionLoss } from '../../../../src-renderer/api/error-info.ts'

function browserAt(hash: string, stored: string | null) {
  const items = new Map<string, string>(stored === null ? [] : [['scalenas.token', stored]])
  const replaced: string[] = []
  const place = {
    location: { hash, origin: 'http://127.0.0.1:7420', pathname: '/', search: '' },
    history: { replaceState: (_: unknown, __: string, url: string) => replaced.push(url) },
    sessionStorage: {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
    },
  }
  // The three parts of a window that the source reads.
  return { source: browserSource(place as unknown as Window), replaced }
}

describe('where the engine is', () => {
  it('a browser takes the token out of the address and remembers it', async () => {
    const { source, replaced } = browserAt('#token=abc%2F1', null)
    expect(await source.current()).toEqual({ baseUrl: 'http://127.0.0.1:7420', token: 'abc/1' })
    expect(replaced).toEqual(['/#/'])
  })

  it('after a reload it is still there, and other fragments stay', async () => {
    const { source, replaced } = browserAt('#/runs/new', 'abc')
    expect((await source.current()).token).toBe('abc')
    expect(replaced).toEqual([])
  })

  it('the desktop window asks each time, because a new engine has another port', async () => {
    let port = 1
    const source = desktopSource({
      platform: 'linux',
      connection: () => Promise.resolve({ baseUrl: `http://127.0.0.1:${String(port)}`, token: 't' }),
      onEngineChanged: () => () => undefined,
      chooseFolder: () => Promise.resolve(null),
      choosePictures: () => Promise.resolve([]),
      setTheme: () => Promise.resolve(),
    })
    await source.current()
    port = 2
    expect((await source.current()).baseUrl).toBe('http://127.0.0.1:2')
  })
})

describe('what went wrong', () => {
  const info = {
    code: 'DATASET',
    message: 'no annotations in /data/x',
    details: ['looked for annotations/*.json'],
  } as const

  it('is what the engine said', () => {
    const refused = TRPCClientError.from({
      error: { message: 'x', code: -32_000, data: { code: 'BAD_REQUEST', info } },
    })
    expect(errorInfoOf(refused)).toEqual(info)
    expect(isConnectionLoss(refused)).toBe(false)
  })

  it('is an engine error of our own', () => {
    expect(errorInfoOf(new EngineError('NOT_FOUND', 'gone'))).toEqual({
      code: 'NOT_FOUND',
      message: 'gone',
      details: [],
    })
  })

  it('a cut connection is known as such: the banner tells it', () => {
    expect(isConnectionLoss(TRPCClientError.from(new Error('WebSocket closed')))).toBe(true)
    expect(isConnectionLoss(new Error('WebSocket closed'))).toBe(false)
  })
})
