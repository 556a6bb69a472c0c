import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { DataPaths } from '../../store/data-folder.ts'
import type { Access } from './access.ts'
import { checkCaller, requireToken } from './check-request.ts'
import { registerPictureRoutes } from './picture-routes.ts'
import type { AddPicture } from './picture-routes.ts'
import { registerPreviewRoutes } from './preview-routes.ts'
import { REQUEST_LIMITS, watchPace } from './request-limits.ts'
import type { RequestLimits } from './request-limits.ts'
import { sendError, sendNothingHere } from './send-error.ts'

/** Calls go over the WebSocket; of what comes here only pictures have a body, and a limit of their own. */
const BODY_LIMIT_BYTES = 64 * 1024
const API_PREFIX = '/api'

export interface HttpServerOptions {
  readonly access: Access
  readonly paths: DataPaths
  /** The built web UI; null or absent on disk: a sentence says so instead. */
  readonly rendererFolder: string | null
  readonly addPicture: AddPicture
  /** Default: `REQUEST_LIMITS`. */
  readonly limits?: RequestLimits
}

/**
 * Binary GETs and pictures that come in, all in one scope that asks for the token; outside of it only the files of the web UI (no
 * secret in them, the token stays in the address's fragment).
 */
export async function createHttpServer(options: HttpServerOptions): Promise<FastifyInstance> {
  const { access, rendererFolder, limits = REQUEST_LIMITS } = options
  const server = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    connectionTimeout: limits.silentMs,
    http: { headersTimeout: limits.headersMs, connectionsCheckingInterval: limits.checkEveryMs },
    // An address that cannot be decoded, or has a part too long for any id, reaches no hook.
    frameworkErrors: (_error, _request, reply) => void sendNothingHere(reply),
  })
  server.addHook('onRequest', (request, reply, done) => {
    watchPace(request.raw, limits)
    done(checkCaller(access, request, reply) ?? undefined)
  })
  server.setErrorHandler((thrown, _request, reply) => sendError(reply, thrown))
  server.setNotFoundHandler((_request, reply) => sendNothingHere(reply))
  registerPreflight(server)
  await server.register(
    (api, _options, done) => {
      registerApi(api, options)
      done()
    },
    { prefix: API_PREFIX },
  )
  await registerPage(server, rendererFolder)
  return server
}

/**
 * The hook belongs to the scope, so the router has decided by then: however an address is spelled, what is found here asks for the
 * token, and a route cannot be added to the scope without it.
 */
function registerApi(api: FastifyInstance, { access, paths, addPicture }: HttpServerOptions): void {
  api.addHook('onRequest', (request, _reply, done) => {
    done(requireToken(access, request) ?? undefined)
  })
  api.removeAllContentTypeParsers()
  registerPreviewRoutes(api, paths)
  registerPictureRoutes(api, paths, addPicture)
}

/** A browser asks before it shows the token; the answer tells nothing but which headers it may send, and no body is read for it. */
function registerPreflight(server: FastifyInstance): void {
  server.options(
    `${API_PREFIX}/*`,
    { onRequest: (_request, reply) => void reply.code(204).send() },
    (_request, reply) => reply.code(204).send(),
  )
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
