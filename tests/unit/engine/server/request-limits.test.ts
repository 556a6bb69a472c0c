import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAccess } from '../../../../src-main/engine/server/access.ts'
import { createHttpServer } from '../../../../src-main/engine/server/http-server.ts'
import { bytesDue, REQUEST_LIMITS } from '../../../../src-main/engine/server/request-limits.ts'
import type { RequestLimits } from '../../../../src-main/engine/server/request-limits.ts'
import { listDataPaths } from '../../../../src-main/store/data-folder.ts'
import { createTemporaryFolder } from '../../../support/engine-core.ts'
import { exchange, sendRaw } from '../../../support/raw-http.ts'

const PATH = '/api/runs/r-limits1/pictures'
const TYPE = { 'content-type': 'application/octet-stream' }
const TOKEN = { authorization: 'Bearer the token' }
/** A page that no socket buffer holds, so that an answer stays under way. */
const LARGE_PAGE_BYTES = 16 * 1024 * 1024
const QUICK: RequestLimits = {
  ...{ headersMs: 400, bodyGraceMs: 400, bodyBytesPerSecond: 64 * 1024, checkEveryMs: 50, silentMs: 10_000 },
}

describe('how slowly a request may come', { timeout: 60_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let server: FastifyInstance
  let port: number
  let release: () => void = () => undefined
  const taken: number[] = []
  beforeEach(() => {
    folder = createTemporaryFolder()
    taken.length = 0
  })
  afterEach(async () => {
    release()
    await server.close()
    folder.remove()
  })

  async function listen(limits: RequestLimits, wait = Promise.resolve()): Promise<void> {
    writeFileSync(join(folder.folder, 'index.html'), 'page')
    writeFileSync(join(folder.folder, 'large.bin'), Buffer.alloc(LARGE_PAGE_BYTES))
    server = await createHttpServer({
      access: createAccess({ token: 'the token', host: '127.0.0.1', devOrigin: null }),
      ...{ paths: listDataPaths(folder.folder), rendererFolder: folder.folder, limits },
      addPicture: async (runId, name, content) => {
        taken.push(content.length)
        await wait
        const facts = { id: 'p', bytes: content.length, addedAt: 0, width: null, height: null, sample: null }
        return { ...facts, runId, name }
      },
    })
    port = Number(new URL(await server.listen({ host: '127.0.0.1', port: 0 })).port)
  }

  /** Writes the start, then a byte every 20 ms, until the other side hangs up. @returns what it said. */
  function drip(start: string): Promise<string> {
    return new Promise((resolve) => {
      let said = ''
      const socket = connect({ host: '127.0.0.1', port })
      socket.write(start)
      const timer = setInterval(() => socket.write('x'), 20)
      socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
      socket.on('error', () => undefined)
      socket.on('close', () => {
        clearInterval(timer)
        resolve(said)
      })
    })
  }
  const head = (headers: Record<string, string>): string =>
    [`POST ${PATH} HTTP/1.1`, `host: 127.0.0.1:${String(port)}`]
      .concat(Object.entries(headers).map(([name, value]) => `${name}: ${value}`))
      .join('\r\n')

  it('closes a header that drips', async () => {
    await listen(QUICK)
    expect(await drip('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ')).toContain('408 Request Timeout')
  })

  it.each([
    ['of a known length', { 'content-length': '1000' }],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('closes a body that drips, %s, with and without a token', async (_name, headers) => {
    await listen(QUICK)
    const chunk = 'transfer-encoding' in headers ? '3e8\r\n' : ''
    expect(await drip(`${head({ ...TYPE, ...TOKEN, ...headers })}\r\n\r\n${chunk}`)).toBe('')
    expect(await drip(`${head({ ...TYPE, ...headers })}\r\n\r\n${chunk}`)).toContain('401 Unauthorized')
    expect(taken).toEqual([])
  })

  it('closes what is sent to where no route is', async () => {
    await listen(QUICK)
    const start = head({ ...TYPE, 'content-length': '1000' }).replace(PATH, '/nowhere')
    expect(await drip(`${start}\r\n\r\n`)).not.toContain('HTTP/1.1 2')
  })

  it('does not cut a body that comes at the pace, nor an answer that is read slowly', async () => {
    await listen({ ...QUICK, bodyBytesPerSecond: 1000 })
    const body = 'y'.repeat(30_000)
    const answers = new Promise<string>((resolve) => {
      let said = ''
      const socket = connect({ host: '127.0.0.1', port })
      const length = { 'content-length': String(body.length), connection: 'close' }
      socket.write(`${head({ ...TYPE, ...TOKEN, ...length })}\r\n\r\n`)
      let sent = 0
      const timer = setInterval(() => {
        socket.write(body.slice(sent, sent + 500))
        sent += 500
        if (sent >= body.length) {
          clearInterval(timer)
        }
      }, 20)
      socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
      socket.on('close', () => resolve(said))
    })
    expect(await answers).toContain('HTTP/1.1 200')
    expect(taken).toEqual([body.length])
    expect(await readSlowly(5)).toBe(LARGE_PAGE_BYTES)
  })

  /** @returns how many bytes of the large file arrived. */
  function readSlowly(pauseMs: number): Promise<number> {
    return new Promise((resolve) => {
      let bytes = 0
      const socket = connect({ host: '127.0.0.1', port })
      socket.write('GET /large.bin HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n')
      let length = 0
      socket.on('data', (chunk: Buffer) => {
        const start = length === 0 ? chunk.indexOf('\r\n\r\n') + 4 : 0
        length += chunk.length - start
        bytes = length
        socket.pause()
        setTimeout(() => socket.resume(), pauseMs)
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(bytes))
    })
  }

  it('gives up an answer of which nothing is read', async () => {
    await listen({ ...QUICK, silentMs: 300 })
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('error', () => undefined)
    socket.pause()
    socket.write('GET /large.bin HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    const count = () => new Promise((done) => server.server.getConnections((_error, open) => done(open)))
    await expect.poll(count).toBe(1)
    await expect.poll(count, { timeout: 20_000 }).toBe(0)
    socket.destroy()
  })

  it('takes four pictures at once and asks the next one to wait', async () => {
    const gate = Promise.withResolvers<undefined>()
    release = () => gate.resolve(undefined)
    await listen(QUICK, gate.promise)
    const send = () =>
      sendRaw({
        ...{ host: '127.0.0.1', port, method: 'POST', target: PATH },
        ...{ headers: { ...TYPE, ...TOKEN }, body: 'picture' },
      })
    const four = [send(), send(), send(), send()]
    while (taken.length < 4) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const fifth = await send()
    expect(fifth.status).toBe(409)
    expect(JSON.parse(fifth.body)).toMatchObject({ code: 'CONFLICT' })
    release()
    expect((await Promise.all(four)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await send()).status).toBe(200)
  })

  it.each([
    ['no JSON', { 'content-type': 'application/json' }, '{"a":', 415, /"application\/json" is not taken/],
    ['JSON', { 'content-type': 'application/json' }, '{}', 415, /application\/octet-stream/],
    ['a form', { 'content-type': 'multipart/form-data; boundary=x' }, '--x--', 415, /multipart/],
    ['no type', {}, 'x', 415, /application\/octet-stream/],
    ['too much', { ...TYPE, 'content-length': '67108865' }, '', 413, /at most 67108864 bytes/],
  ])('says what is wrong with a body: %s', async (_name, headers, body, status, message) => {
    await listen(QUICK)
    const type = { host: `127.0.0.1:${String(port)}`, connection: 'close', ...TOKEN }
    const length = { 'content-length': String(body.length) }
    const answer = await exchange(
      '127.0.0.1',
      port,
      `${head({ ...type, ...length, ...headers })}\r\n\r\n${body}`,
    )
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body)).toEqual({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(message) as string,
    })
  })

  it('asks for nothing in the first seconds, then for the pace', () => {
    expect(bytesDue(REQUEST_LIMITS.bodyGraceMs, REQUEST_LIMITS)).toBe(0)
    expect(bytesDue(REQUEST_LIMITS.bodyGraceMs + 2000, REQUEST_LIMITS)).toBe(128 * 1024)
    const { headersMs, bodyGraceMs, checkEveryMs } = REQUEST_LIMITS
    expect(Math.max(headersMs, bodyGraceMs) + checkEveryMs).toBeLessThanOrEqual(30_000)
  })
})
