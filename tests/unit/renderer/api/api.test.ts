import { TRPCClientError } from '@trpc/client'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EngineError } from '../../../../src-main/contract/index.ts'
import { browserSource, desktopSource } from '../../../../src-renderer/api/connection-source.ts'
import { connectEngine } from '../../../../src-renderer/api/engine.ts'
import { errorInfoOf, isConnectionLoss } from '../../../../src-renderer/api/error-info.ts'

const ORIGIN = 'http://127.0.0.1:7420'

function browserAt(hash: string, stored: string | null) {
  const items = new Map<string, string>(stored === null ? [] : [['scalenas.token', stored]])
  const replaced: string[] = []
  const place = {
    location: { hash, origin: ORIGIN, pathname: '/', search: '', reload: () => replaced.push('reload') },
    addEventListener: (_: string, listener: (event: { newURL: string }) => void) => {
      navigate = (newURL) => listener({ newURL })
    },
    history: { replaceState: (_: unknown, __: string, url: string) => replaced.push(url) },
    sessionStorage: {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => items.set(key, value),
    },
  }
  let navigate: (newURL: string) => void = () => undefined
  // The four parts of a window that the source uses.
  const source = browserSource(place as unknown as Window)
  return { source, replaced, navigate: (newURL: string) => navigate(newURL) }
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

  it('takes the token of an address that is pasted over that of an open page, and loads again', async () => {
    const { source, replaced, navigate } = browserAt('#/runs/new', 'old')
    navigate(`${ORIGIN}/#/runs`)
    expect(replaced).toEqual([])
    navigate(`${ORIGIN}/#token=new`)
    expect(replaced).toEqual(['/#/', 'reload'])
    expect((await source.current()).token).toBe('new')
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

describe('another token', () => {
  const answers = new Map([
    ['good', 404],
    ['bad', 401],
  ])
  beforeEach(() => {
    vi.stubGlobal('fetch', (_: string, { headers }: { headers: { authorization: string } }) => {
      const status = answers.get(headers.authorization.replace('Bearer ', ''))
      return status === undefined ? Promise.reject(new TypeError('refused')) : Promise.resolve({ status })
    })
  })
  afterEach(() => vi.unstubAllGlobals())

  it('is kept when the engine takes it, and only then', async () => {
    const { source } = browserAt('', 'bad')
    const engine = connectEngine({ source, onStateChanged: () => undefined })
    expect(await engine.isAdmitted()).toBe(false)
    expect(await engine.tryToken('bad')).toBe('refused')
    expect(await engine.tryToken('nobody answers')).toBe('no answer')
    expect((await source.current()).token).toBe('bad')
    expect(await engine.tryToken('good')).toBe('taken')
    expect((await source.current()).token).toBe('good')
    expect(await engine.isAdmitted()).toBe(true)
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
