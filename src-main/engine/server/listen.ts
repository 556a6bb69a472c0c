import { EngineError } from '../../contract/index.ts'
import type { SystemStatus } from '../../contract/index.ts'
import type { EngineServices } from '../services/engine-services.ts'
import { createHttpServer } from './http-server.ts'
import type { HttpServerOptions } from './http-server.ts'
import { attachWebSocket } from './web-socket.ts'

export interface ListenOptions extends HttpServerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly services: EngineServices
}

export interface ListeningServer {
  /** For callers on this machine. */
  readonly url: string
  readonly listening: SystemStatus['listening']
  /** Hangs up on every WebSocket, so that each shows its token again. */
  dropConnections(): void
  close(): Promise<void>
}

/** @throws EngineError CONFLICT when the address cannot be listened on. */
export async function listen({
  host,
  port: asked,
  services,
  ...options
}: ListenOptions): Promise<ListeningServer> {
  const server = await createHttpServer(options)
  const sockets = attachWebSocket(server.server, options.access, services)
  try {
    await server.listen({ host, port: asked })
  } catch (thrown) {
    await sockets.close()
    throw new EngineError('CONFLICT', `${host}:${String(asked)} cannot be listened on: ${String(thrown)}`)
  }
  const address = server.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : asked
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return {
    url: `http://${name.includes(':') ? `[${name}]` : name}:${String(port)}`,
    listening: { host, port },
    dropConnections: () => sockets.dropAll(),
    async close() {
      await sockets.close()
      await server.close()
    },
  }
}
