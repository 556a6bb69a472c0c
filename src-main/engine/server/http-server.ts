import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type { ErrorCode } from '../../contract/index.ts'
import type { DataPaths } from '../../store/data-folder.ts'
import type { Access } from './access.ts'
import { registerPictureRoutes } from './picture-routes.ts'
import type { AddPicture } from './picture-routes.ts'
import { registerPreviewRoutes } from './preview-routes.ts'

/** Calls go over the WebSocket; of what comes here only pictures have a body, and a limit of their own. */
const BODY_LIMIT_BYTES = 64 * 1024
const API_PREFIX = '/api/'

export interface HttpServerOptions {
  readonly access: Access
  readonly paths: DataPaths
  /** The built web UI; null or absent on disk: a sentence says so instead. */
  readonly rendererFolder: string | null
  readonly addPicture: AddPicture
}

/** Binary GETs and pictures that come in below /api/ (token needed) and the files of the web UI (no secret in them, the token stays in the address's fragment). */
export async function createHttpServer({
  access,
  paths,
  rendererFolder,
  addPicture,
}: HttpServerOptions): Promise<FastifyInstance> {
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true })
  server.addHook('onRequest', async (request, reply) => {
    guard(access, request, reply)
    await Promise.resolve()
  })
  server.setErrorHandler((thrown, _request, reply) => sendError(reply, thrown))
  server.options(`${API_PREFIX}*`, (_request, reply) => reply.code(204).send())
  registerPreviewRoutes(server, paths)
  registerPictureRoutes(server, paths, addPicture)
  await registerPage(server, rendererFolder)
  return server
}

/** @throws EngineError UNAUTHORIZED before anything else is looked at. */
function guard(access: Access, request: FastifyRequest, reply: FastifyReply): void {
  const { host, origin, authorization } = request.headers
  if (!access.isHost(host)) {
    throw new EngineError('UNAUTHORIZED', `This engine does not answer for the host "${host ?? ''}".`)
  }
  if (!access.isOrigin(origin, host)) {
    throw new EngineError('UNAUTHORIZED', `Pages of ${origin ?? ''} may not talk to this engine.`)
  }
  void reply.headers(secureHeaders(host))
  if (origin !== undefined) {
    void reply.headers({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization, content-type',
      vary: 'origin',
    })
  }
  const isPreflight = request.method === 'OPTIONS'
  if (request.url.startsWith(API_PREFIX) && !isPreflight) {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    if (!access.isToken(token)) {
      throw new EngineError(
        'UNAUTHORIZED',
        'This address needs "Authorization: Bearer" with the token of the engine.',
      )
    }
  }
}

function secureHeaders(host: string | undefined): Record<string, string> {
  const policy = [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    `connect-src 'self' ws://${host ?? ''}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  }
}

async function registerPage(server: FastifyInstance, rendererFolder: string | null): Promise<void> {
  if (rendererFolder !== null && existsSync(join(rendererFolder, 'index.html'))) {
    await server.register(fastifyStatic, { root: rendererFolder, index: 'index.html' })
    return
  }
  server.get('/', (_request, reply) =>
    reply
      .type('text/plain; charset=utf-8')
      .send('The engine runs. Its web page is not built: run "npm run build" and start again.\n'),
  )
}

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  CONFLICT: 409,
  STORAGE: 507,
}

function sendError(reply: FastifyReply, thrown: unknown): FastifyReply {
  const info = toErrorInfo(thrown)
  const given = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 500
  const status = thrown instanceof EngineError ? (HTTP_STATUS[info.code] ?? 500) : given
  return reply.code(status).send({ code: info.code, message: info.message })
}
