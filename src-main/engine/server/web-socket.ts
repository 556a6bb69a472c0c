import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { TRPCError } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { appRouter } from '../routers/app-router.ts'
import type { RouterContext } from '../routers/trpc.ts'
import type { EngineServices } from '../services/engine-services.ts'
import type { Access } from './access.ts'

const PATH = '/trpc'
/** Requests are small; results are not limited by this. */
/** A search log of 2,000 candidates to import has about one; everything else is far below. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024
const PING_MS = 15_000
const PONG_WAIT_MS = 10_000
/** Who connects and does not show its token in time is dropped. */
const TOKEN_WAIT_MS = 10_000

export interface Sockets {
  /** Hangs up on everybody after what was answered already; who comes back shows its token again. */
  dropAll(): void
  close(): Promise<void>
}

/**
 * tRPC over one WebSocket at /trpc. Host and Origin are checked before the upgrade, the token (`connectionParams.token`) before the
 * first call; a wrong one closes the connection.
 */
export function attachWebSocket(server: Server, access: Access, services: EngineServices): Sockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
  const handler = applyWSSHandler({
    wss: sockets,
    router: appRouter,
    keepAlive: { enabled: true, pingMs: PING_MS, pongWaitMs: PONG_WAIT_MS },
    createContext: ({ info, res }): RouterContext => {
      if (!access.isToken(info.connectionParams?.['token'])) {
        throw new TRPCError({
          code: 'UNAUTHORIZED',
          message: 'The token is missing or is not that of this engine.',
        })
      }
      admitted.add(res)
      return { services }
    },
  })
  const admitted = new WeakSet()
  sockets.on('connection', (socket) => {
    const timer = setTimeout(() => {
      if (!admitted.has(socket)) {
        socket.close()
      }
    }, TOKEN_WAIT_MS)
    socket.once('close', () => clearTimeout(timer))
    // A frame over the limit or a broken connection ends that socket only.
    socket.on('error', () => socket.terminate())
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Someone who hangs up in the middle ends this socket only.
    socket.on('error', () => socket.destroy())
    const refusal = refuseUpgrade(access, request)
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      sockets.emit('connection', webSocket, request)
    })
  })
  return {
    dropAll() {
      sockets.clients.forEach((client) => client.close())
    },
    async close() {
      handler.broadcastReconnectNotification()
      sockets.clients.forEach((client) => client.terminate())
      await new Promise<void>((done) => {
        sockets.close(() => done())
      })
    },
  }
}

function refuseUpgrade(access: Access, request: IncomingMessage): string | null {
  const path = (request.url ?? '').split('?')[0]
  if (path !== PATH) {
    return '404 Not Found'
  }
  const { host, origin } = request.headers
  return access.isHost(host) && access.isOrigin(origin, host) ? null : '403 Forbidden'
}
