import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectServices } from '../../src-main/cli/remote-services.ts'
import { createRandom } from '../../src-main/nas/random.ts'
import { floodHttp } from './flood-http.ts'
import type { HttpFlood } from './flood-http.ts'
import { readProcessFigures } from './process-figures.ts'
import type { ProcessFigures } from './process-figures.ts'
import { summariseTimes } from './summarise-times.ts'
import type { Times } from './summarise-times.ts'

export interface FloodOptions {
  readonly url: string
  readonly token: string
  /** WebSocket clients that call at the same time. */
  readonly clients: number
  /** HTTP requests over 32 connections; some without a token, which must get nothing. */
  readonly requests: number
  /** Connections that send half a header or half a body, and then nothing. */
  readonly halfRequests: number
  readonly seed: number
  /** Of the engine; without it memory and handles are not measured. */
  readonly pid?: number
}

export interface FloodResult {
  readonly webSocket: Times & { readonly errors: readonly string[] }
  readonly http: HttpFlood
  readonly halfRequests: { readonly opened: number; readonly refused: number }
  readonly before: ProcessFigures | null
  readonly after: ProcessFigures | null
  /** Sockets that the engine still holds when everybody has gone, above those before; null where not measured. */
  readonly socketsLeft: number | null
}

const CONNECTIONS = 32
const CALLS_A_CLIENT = 20
/** The engine has closed what its callers left by then; it is no measure, only an end to the waiting. */
const SETTLE_MS = 20_000
const SETTLE_STEP_MS = 100

/** Everything at once: clients that call, requests with and without a token, and connections that never finish a request. */
export async function runFlood(options: FloodOptions): Promise<FloodResult> {
  const { url, token, clients, requests, halfRequests, seed, pid } = options
  const random = createRandom(seed, 'flood')
  // The first client and the first request leave things that stay (compiled code, a listener's sockets).
  await floodClients(options, 1)
  const before = pid === undefined ? null : readProcessFigures(pid)
  const half = await openHalfRequests(url, halfRequests, token)
  const [webSocket, http] = await Promise.all([
    floodClients(options, clients),
    floodHttp({ url, token, requests, connections: CONNECTIONS, random }),
  ])
  half.sockets.forEach((socket) => socket.destroy())
  const after = pid === undefined ? null : await settle(pid, before?.sockets ?? 0)
  return {
    webSocket,
    http,
    halfRequests: { opened: half.sockets.length, refused: half.refused },
    ...{ before, after },
    socketsLeft: before === null || after === null ? null : Math.max(0, after.sockets - before.sockets),
  }
}

async function floodClients(
  { url, token }: FloodOptions,
  clients: number,
): Promise<Times & { readonly errors: readonly string[] }> {
  const times: number[] = []
  const errors: string[] = []
  await Promise.all(
    Array.from({ length: clients }, async () => {
      const remote = connectServices({ url, token })
      for (let call = 0; call < CALLS_A_CLIENT; call += 1) {
        const startedAt = performance.now()
        const { system, runs } = remote.services
        await (call % 2 === 0 ? system.status() : runs.list())
          .then(() => times.push(performance.now() - startedAt))
          .catch((thrown: unknown) => errors.push(thrown instanceof Error ? thrown.message : String(thrown)))
      }
      await remote.close()
    }),
  )
  return { ...summariseTimes(times), errors }
}

/** Every third stops within its header, every third within a body with a token, every third within one without. */
async function openHalfRequests(
  url: string,
  count: number,
  token: string,
): Promise<{ readonly sockets: readonly Socket[]; readonly refused: number }> {
  const { hostname, port, host } = new URL(url)
  const post = `POST /api/runs/r-flood001/pictures HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/octet-stream\r\n`
  const starts = [
    `GET / HTTP/1.1\r\nhost: ${host}\r\nx-half: `,
    `${post}content-length: 1000\r\nauthorization: Bearer ${token}\r\n\r\nhalf`,
    `${post}content-length: 1000\r\n\r\nhalf`,
  ]
  const sockets = await Promise.all(
    Array.from(
      { length: count },
      (_, index) =>
        new Promise<Socket | null>((resolve) => {
          const socket = connect({ host: hostname, port: Number(port) })
          socket.on('error', () => resolve(null))
          socket.once('connect', () => {
            socket.write(starts[index % starts.length] ?? '')
            resolve(socket)
          })
        }),
    ),
  )
  const opened = sockets.filter((socket) => socket !== null)
  return { sockets: opened, refused: count - opened.length }
}

/** Waits until the engine has no more sockets than before, or no longer. */
async function settle(pid: number, sockets: number): Promise<ProcessFigures | null> {
  let figures = readProcessFigures(pid)
  for (
    let waited = 0;
    waited < SETTLE_MS && figures !== null && figures.sockets > sockets;
    waited += SETTLE_STEP_MS
  ) {
    await sleep(SETTLE_STEP_MS)
    figures = readProcessFigures(pid)
  }
  return figures
}
