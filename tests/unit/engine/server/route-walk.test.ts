import { mkdirSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FastifyInstance } from 'fastify'
import { createAccess } from '../../../../src-main/engine/server/access.ts'
import { createHttpServer } from '../../../../src-main/engine/server/http-server.ts'
import { startEngine } from '../../../../src-main/engine/start-engine.ts'
import type { Engine } from '../../../../src-main/engine/start-engine.ts'
import { listDataPaths } from '../../../../src-main/store/data-folder.ts'
import { createTemporaryFolder, RESOURCES_FOLDER, SMALL_SEARCH } from '../../../support/engine-core.ts'
import { FakeExecutor } from '../../../support/fake-executor.ts'
import { sendRaw } from '../../../support/raw-http.ts'
import { fill, listRoutes, spellingsOf, walkRoutes } from '../../../support/route-walk.ts'

const PAGE = '<title>studio</title>'
const SECRET = 'what only the owner may see'
const params = { run: 'r-walk0001', sample: 's1', picture: 'p1', answer: 'a1', genotypeId: 'g1' }
const outward = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

/** Files that every GET of the routes finds. */
function plantFiles(runFolder: string): void {
  const files = [
    ...['preview/s1.png', 'preview/s1.labels', 'predictions/g1/s1.labels'],
    ...['pictures/p1/shown.png', 'pictures/p1/a1.shown.labels'],
  ]
  for (const file of files) {
    mkdirSync(join(runFolder, file, '..'), { recursive: true })
    writeFileSync(join(runFolder, file), SECRET)
  }
}

describe('no address of the engine gives anything without a token', { timeout: 120_000 }, () => {
  const folder = createTemporaryFolder()
  const page = join(folder.folder, 'page')
  mkdirSync(page)
  writeFileSync(join(page, 'index.html'), PAGE)
  afterAll(() => folder.remove())

  function createServer(): Promise<FastifyInstance> {
    return createHttpServer({
      access: createAccess({ token: 'the token', host: '127.0.0.1', devOrigin: null }),
      paths: listDataPaths(join(folder.folder, 'bare')),
      rendererFolder: page,
      addPicture: () => Promise.reject(new Error('unused')),
    })
  }

  const places = [
    { host: '127.0.0.1', asked: '127.0.0.1' },
    { host: '0.0.0.0', asked: '127.0.0.1' },
    ...(outward === undefined ? [] : [{ host: '0.0.0.0', asked: outward }]),
  ]
  describe.each(places)('listening on $host, asked at $asked', ({ host, asked }) => {
    let engine: Engine
    let url: string
    let server: FastifyInstance
    beforeAll(async () => {
      const dataFolder = join(folder.folder, `data-${host}-${asked}`)
      engine = await startEngine({
        ...{ dataFolder, host, codeVersion: 'test', executor: new FakeExecutor() },
        ...{ workerEntry: new URL('file:///unused'), resourcesFolder: RESOURCES_FOLDER },
        rendererFolder: new URL(`file://${page}/`),
      })
      url = `http://${asked}:${new URL(engine.url).port}`
      const request = { id: params.run, name: 'run', preset: 'micro-pose', overrides: SMALL_SEARCH }
      await engine.services.runs.start(request)
      plantFiles(join(dataFolder, 'runs', params.run))
      server = await createServer()
    })
    afterAll(async () => {
      await server.close()
      await engine.close()
    })

    it('walks routes that all answer with the token', async () => {
      const routes = listRoutes(server).filter(({ pattern }) => pattern.startsWith('/api/r'))
      expect(routes.map(({ method, pattern }) => `${method} ${pattern}`)).toMatchInlineSnapshot(`
        [
          "GET /api/runs/:run/preview/:sample/image",
          "HEAD /api/runs/:run/preview/:sample/image",
          "GET /api/runs/:run/preview/:sample/truth",
          "HEAD /api/runs/:run/preview/:sample/truth",
          "GET /api/runs/:run/preview/:sample/prediction/:genotypeId",
          "HEAD /api/runs/:run/preview/:sample/prediction/:genotypeId",
          "POST /api/runs/:run/pictures",
          "GET /api/runs/:run/pictures/:picture/image",
          "HEAD /api/runs/:run/pictures/:picture/image",
          "GET /api/runs/:run/pictures/:picture/labels/:answer",
          "HEAD /api/runs/:run/pictures/:picture/labels/:answer",
        ]
      `)
      for (const { pattern } of routes.filter(({ method }) => method === 'GET')) {
        const headers = { authorization: `Bearer ${engine.token}` }
        const answer = await fetch(`${url}${fill(pattern, params)}`, { headers })
        expect(await answer.text()).toBe(SECRET)
      }
    })

    it('refuses every route by every method in every spelling', async () => {
      const walk = await walkRoutes({ url, routes: listRoutes(server), params, page: PAGE })
      expect(walk.leaks.slice(0, 20)).toEqual([])
      expect(walk.byStatus[401]).toBeGreaterThan(100)
      expect(walk.byStatus[404]).toBeGreaterThan(1000)
      expect(await engine.services.pictures.list(params.run)).toEqual([])
    })

    it('opens a WebSocket at its one address only, whatever the spelling', async () => {
      const { hostname, port, origin } = new URL(url)
      const paths = ['/trpc', ...listRoutes(server).map(({ pattern }) => fill(pattern, params))]
      const targets = new Set(paths.flatMap((path) => spellingsOf(path, origin)))
      const opened: string[] = []
      for (const target of targets) {
        const { status } = await sendRaw({
          ...{ host: hostname, port: Number(port), method: 'GET', target },
          headers: {
            ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
            'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
          },
        })
        expect([0, 101, 400, 404]).toContain(status)
        if (status === 101) {
          opened.push(target)
        }
      }
      // What comes over it is asked for the token by the first message (server.test.ts).
      expect(opened.toSorted()).toEqual(['/trpc', '/trpc?', '/trpc?token='])
    })
  })

  it('finds a route that somebody put beside the scope of the token', async () => {
    const server = await createServer()
    server.get('/api/forgotten/:run', () => SECRET)
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    const walk = await walkRoutes({ url, routes: listRoutes(server), params, page: PAGE })
    expect(walk.leaks.filter((leak) => leak.endsWith(SECRET))).toContainEqual(
      `200 GET /%61%70%69/forgotten/${params.run} -> ${SECRET}`,
    )
    await server.close()
  })
})
