import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectServices } from '../../../src-main/cli/remote-services.ts'
import { procedureInputs } from '../../../src-main/contract/index.ts'
import { appRouter } from '../../../src-main/engine/routers/app-router.ts'
import { startEngine } from '../../../src-main/engine/start-engine.ts'
import type { Engine } from '../../../src-main/engine/start-engine.ts'
import { createTemporaryFolder, RESOURCES_FOLDER, SMALL_SEARCH } from '../../support/engine-core.ts'
import { FakeExecutor } from '../../support/fake-executor.ts'

const RUN = 'r-server1'
const DEV_ORIGIN = 'http://localhost:5173'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

describe('the server', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let engine: Engine
  beforeAll(async () => {
    folder = createTemporaryFolder()
    const page = join(folder.folder, 'page')
    mkdirSync(page)
    writeFileSync(join(page, 'index.html'), '<title>studio</title>')
    engine = await startEngine({
      dataFolder: join(folder.folder, 'data'),
      workerEntry: new URL('file:///unused'),
      resourcesFolder: RESOURCES_FOLDER,
      rendererFolder: new URL(`file://${page}/`),
      codeVersion: 'test',
      devOrigin: DEV_ORIGIN,
      executor: new FakeExecutor(),
    })
    await engine.services.runs.start({ id: RUN, name: 'run', preset: 'micro-pose', overrides: SMALL_SEARCH })
    const stop = new AbortController()
    for await (const event of engine.services.runs.events({ runId: RUN, afterSeq: 0, signal: stop.signal })) {
      if (event.kind === 'status-changed' && event.status === 'completed') {
        stop.abort()
      }
    }
    const preview = join(folder.folder, 'data/runs', RUN, 'preview')
    mkdirSync(preview, { recursive: true })
    writeFileSync(join(preview, 's1.png'), 'picture')
    writeFileSync(join(preview, 's1.labels'), Buffer.from([0, 1, 255]))
    writeFileSync(join(folder.folder, 'secret.png'), 'secret')
    symlinkSync(join(folder.folder, 'secret.png'), join(preview, 'link.png'))
  })
  afterAll(async () => {
    await engine.close()
    folder.remove()
  })

  /** By node:http, since fetch lets nobody choose the Host header or a path with dots. */
  function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const { hostname, port } = new URL(engine.url)
    return new Promise((resolve, reject) => {
      const call = request({ hostname, port, path, method, headers }, (response) => {
        let body = ''
        response.setEncoding('latin1')
        response.on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        )
      })
      call.on('error', reject)
      call.end()
    })
  }
  const authorized = () => ({ authorization: `Bearer ${engine.token}` })

  it('listens on loopback with a token of 256 bits', () => {
    expect(new URL(engine.url).hostname).toBe('127.0.0.1')
    expect(Buffer.from(engine.token, 'base64url')).toHaveLength(32)
  })

  it('serves the page without a token but with a strict policy', async () => {
    const { status, headers, body } = await get('/')
    expect(status).toBe(200)
    expect(body).toContain('studio')
    expect(headers['content-security-policy']).toContain("default-src 'self'; script-src 'self'")
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  it.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['one in the address', {}],
  ])('refuses files with no valid token: %s', async (name, headers) => {
    const query = name === 'one in the address' ? `?token=${engine.token}` : ''
    const answer = await get(`/api/runs/${RUN}/preview/s1/image${query}`, headers)
    expect(answer.status).toBe(401)
    expect(answer.body).not.toContain('picture')
  })

  it('gives pictures and label maps of a run with the token', async () => {
    const picture = await get(`/api/runs/${RUN}/preview/s1/image`, authorized())
    expect(picture).toMatchObject({ status: 200, body: 'picture', headers: { 'content-type': 'image/png' } })
    const labels = await get(`/api/runs/${RUN}/preview/s1/truth`, authorized())
    expect(Buffer.from(labels.body, 'latin1')).toEqual(Buffer.from([0, 1, 255]))
  })

  it.each([
    [`/api/runs/${RUN}/preview/..%2f..%2f..%2fstudio.sqlite/image`, 400],
    [`/api/runs/${RUN}/preview/.hidden/image`, 400],
    [`/api/runs/..%2f..%2fdata/preview/s1/image`, 400],
    [`/api/runs/${RUN}/preview/link/image`, 404],
    [`/api/runs/${RUN}/preview/absent/image`, 404],
    [`/api/runs/${RUN}/preview/s1/prediction/..`, 400],
    [`/api/runs/r-nobody1/preview/s1/image`, 404],
    ['/../secret.png', 404],
    ['/%2e%2e/secret.png', 404],
  ])('does not leave the folder of a run: %s', async (path, status) => {
    const answer = await get(path, authorized())
    expect(answer.body).not.toContain('secret')
    expect(answer.status).toBe(status)
  })

  function post(path: string, headers: Record<string, string>, body: Buffer): Promise<Answer> {
    const { hostname, port } = new URL(engine.url)
    return new Promise((resolve, reject) => {
      const call = request({ hostname, port, path, method: 'POST', headers }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        )
      })
      call.on('error', reject)
      call.end(body)
    })
  }

  it('takes pictures in with the token, only where a run is, and shows of them only what is there', async () => {
    const type = { 'content-type': 'application/octet-stream' }
    const png = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40)])
    const path = `/api/runs/${RUN}/pictures?name=..%2F..%2Fa.png`
    expect((await post(path, type, png)).status).toBe(401)
    const taken = await post(path, { ...authorized(), ...type }, png)
    expect(taken.status).toBe(200)
    const { id, name } = JSON.parse(taken.body) as { id: string; name: string }
    expect(name).toBe('a.png')
    expect(id).toMatch(/^[0-9a-f]{12}$/)
    expect(await engine.services.pictures.list(RUN)).toMatchObject([{ id, name, bytes: 48, sample: null }])
    const own = join(folder.folder, 'data/runs', RUN, 'pictures')
    const modeOf = (file: string): string => (statSync(join(own, file)).mode & 0o777).toString(8)
    const modes = ['.', id, `${id}/original`, `${id}/picture.json`].map(modeOf)
    expect(modes).toEqual(['700', '700', '600', '600'])
    expect((await post(path, { ...authorized(), ...type }, png)).body).toBe(taken.body)
    expect((await post('/api/runs/..%2f/pictures', { ...authorized(), ...type }, png)).status).toBe(404)
    expect((await get(`/api/runs/${RUN}/pictures/${id}/image`, authorized())).status).toBe(404)
    expect((await get(`/api/runs/${RUN}/pictures/..%2fpreview/image`, authorized())).status).toBe(400)
    expect((await get(`/api/runs/${RUN}/pictures/${id}/labels/..`, authorized())).status).toBe(400)
    await engine.services.pictures.remove(RUN, id)
    expect(await engine.services.pictures.list(RUN)).toEqual([])
  })

  it('refuses a picture file of more than 64 MiB before it is read', async () => {
    const headers = { ...authorized(), 'content-type': 'application/octet-stream' }
    const answer = await post(
      `/api/runs/${RUN}/pictures?name=a.png`,
      { ...headers, 'content-length': String(64 * 1024 * 1024 + 1), expect: '100-continue' },
      Buffer.alloc(0),
    )
    expect(answer.status).toBe(413)
  })

  it('does not answer for another host name, so that a name cannot be pointed at it', async () => {
    expect((await get('/', { host: 'evil.example' })).status).toBe(401)
    expect((await get('/', { host: 'evil.example:80' })).status).toBe(401)
    expect((await get('/', { host: `localhost:${new URL(engine.url).port}` })).status).toBe(200)
  })

  it('lets only its own pages in: the desktop window, itself, the development server', async () => {
    const path = `/api/runs/${RUN}/preview/s1/image`
    for (const origin of ['app://bundle', engine.url, DEV_ORIGIN]) {
      const answer = await get(path, { ...authorized(), origin })
      expect(answer).toMatchObject({ status: 200, headers: { 'access-control-allow-origin': origin } })
      const preflight = await get(
        path,
        { origin, 'access-control-request-headers': 'authorization' },
        'OPTIONS',
      )
      expect(preflight).toMatchObject({
        status: 204,
        headers: { 'access-control-allow-headers': 'authorization, content-type' },
      })
    }
    for (const origin of ['http://evil.example', 'null', 'app://other', 'https://127.0.0.1']) {
      expect((await get(path, { ...authorized(), origin })).status).toBe(401)
    }
  })

  it('can be reached through a tunnel with another port, from the page of that port only', async () => {
    const path = `/api/runs/${RUN}/preview/s1/image`
    const tunnel = { ...authorized(), host: 'localhost:9000' }
    expect((await get(path, { ...tunnel, origin: 'http://localhost:9000' })).status).toBe(200)
    expect((await get(path, { ...tunnel, origin: 'http://localhost:3000' })).status).toBe(401)
    expect((await get(path, { ...authorized(), origin: 'http://localhost:3000' })).status).toBe(401)
  })

  function openSocket(headers: Record<string, string>, path = '/trpc?connectionParams=1'): Promise<string> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`${engine.url.replace('http', 'ws')}${path}`, { headers })
      socket.on('open', () => {
        socket.terminate()
        resolve('open')
      })
      socket.on('error', (error) => resolve(error.message))
    })
  }

  it('opens a WebSocket for its own pages and programs only', async () => {
    expect(await openSocket({})).toBe('open')
    expect(await openSocket({ origin: 'app://bundle' })).toBe('open')
    expect(await openSocket({ origin: 'http://evil.example' })).toMatch(/403/)
    expect(await openSocket({ host: 'evil.example' })).toMatch(/403/)
    expect(await openSocket({}, '/other')).toMatch(/404/)
  })

  it('closes a WebSocket that shows a wrong token, without an answer to any call', async () => {
    const socket = new WebSocket(`${engine.url.replace('http', 'ws')}/trpc?connectionParams=1`)
    const answers: string[] = []
    socket.on('message', (data: Buffer) => answers.push(data.toString()))
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('open', () => {
      socket.send(JSON.stringify({ method: 'connectionParams', data: { token: 'wrong' } }))
      socket.send(JSON.stringify({ id: 1, method: 'query', params: { path: 'runs.list' } }))
    })
    await closed
    expect(answers.join()).toContain('UNAUTHORIZED')
    expect(answers.join()).not.toContain(RUN)
  })

  it('has exactly the procedures of the contract', () => {
    const names = Object.keys(appRouter._def.procedures)
    const withoutInput = [
      'system.status',
      'system.doctor',
      'system.renewToken',
      'presets.list',
      'published.list',
      'datasets.list',
      'runs.list',
    ]
    expect(names.toSorted()).toEqual([...Object.keys(procedureInputs), ...withoutInput].toSorted())
  })

  it('answers calls and subscriptions over the wire as in the process', async () => {
    const remote = connectServices(engine)
    expect(await remote.services.runs.get(RUN)).toEqual(await engine.services.runs.get(RUN))
    expect(await remote.services.presets.list()).toEqual(await engine.services.presets.list())
    const { rows } = await remote.services.candidates.list(RUN)
    expect(rows).toHaveLength(28)
    const intervals = await remote.services.candidates.intervals(RUN, 'report')
    expect(intervals).toEqual(await engine.services.candidates.intervals(RUN, 'report'))
    expect(intervals.members.length).toBeGreaterThan(0)
    const details = await remote.services.candidates.get(rows[0]?.id ?? '')
    expect(details.genotype.stages).toHaveLength(2)
    const status = await remote.services.system.status()
    expect(status).toMatchObject({ version: 'test', runningRunIds: [] })
    expect(status.freeDiskBytes).toBeGreaterThan(0)
    const stop = new AbortController()
    const seqs: number[] = []
    for await (const event of remote.services.runs.events({ runId: RUN, afterSeq: 0, signal: stop.signal })) {
      seqs.push(event.seq)
      if (event.kind === 'status-changed' && event.status === 'completed') {
        stop.abort()
      }
    }
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    await remote.close()
  })

  it('carries refusals over the wire with code and message', async () => {
    const remote = connectServices(engine)
    const { runs, candidates } = remote.services
    await expect(runs.get('r-nobody1')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'There is no run r-nobody1.',
    })
    await expect(runs.get('no id')).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining('r-7f3k9a2m') as string,
    })
    await expect(runs.resume(RUN)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(candidates.predict(`${RUN}:1`, ['nobody'])).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const request_ = { id: 'r-other1', name: 'x', preset: 'micro-pose', overrides: { 'search.initial': 1 } }
    await expect(runs.start(request_)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(runs.estimate(request_)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await remote.close()
  })

  it('starts a run once however often it is asked to', async () => {
    const { runs } = engine.services
    const again = await runs.start({ id: RUN, name: 'again', preset: 'micro-seg', overrides: {} })
    expect(again).toMatchObject({ id: RUN, name: 'run', status: 'completed' })
  })

  it('predicts once and remembers', async () => {
    const { candidates } = engine.services
    const [first, second] = await Promise.all([
      candidates.predict(`${RUN}:1`, []),
      candidates.predict(`${RUN}:1`, []),
    ])
    expect(first.predictions.map((prediction) => prediction.sampleId)).toEqual(['s1', 's2'])
    expect(second).toEqual(first)
    expect(await candidates.predict(`${RUN}:1`, ['s2'])).toMatchObject({ predictions: [{ sampleId: 's2' }] })
  })

  it('lets nobody wait for ever when it is gone', async () => {
    const other = await startEngine({
      ...{
        dataFolder: join(folder.folder, 'other'),
        workerEntry: new URL('file:///unused'),
        rendererFolder: null,
      },
      ...{ resourcesFolder: RESOURCES_FOLDER, codeVersion: 'test', executor: new FakeExecutor() },
    })
    const remote = connectServices(other, 500)
    expect(await remote.services.runs.list()).toEqual([])
    const endless = remote.services.runs.events({
      runId: null,
      afterSeq: null,
      signal: new AbortController().signal,
    })
    const next = endless[Symbol.asyncIterator]().next()
    await other.close()
    await expect(next).rejects.toThrow(/engine is gone/)
    await expect(remote.services.runs.list()).rejects.toThrow(/engine is gone/)
    await remote.close()
  })

  it('protects pinned runs, and deletes others with their folder', async () => {
    const { runs, preview } = engine.services
    expect(await preview.samples(RUN)).toHaveLength(2)
    await runs.pin(RUN, true)
    await expect(runs.delete(RUN)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('pinned') as string,
    })
    expect(await runs.rename(RUN, 'better name')).toMatchObject({ name: 'better name', pinned: true })
    await runs.pin(RUN, false)
    await runs.delete(RUN)
    await expect(runs.get(RUN)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect((await get(`/api/runs/${RUN}/preview/s1/image`, authorized())).status).toBe(404)
  })
})
