import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forkEngine } from '../support/fork-engine.ts'
import { runFlood } from './flood.ts'
import type { FloodResult } from './flood.ts'
import type { Times } from './summarise-times.ts'

export interface FloodTable {
  readonly rows: readonly (readonly [string, string])[]
  readonly finds: readonly string[]
}

const SIZE = { clients: 50, requests: 10_000, halfRequests: 800 } as const
/** More than this is no buffer any more. */
const MOST_GROWTH_MB = 150

/** Floods an engine of its own, without runs. */
export async function floodEngine({ seed }: { readonly seed: number }): Promise<FloodTable> {
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-flood-'))
  const { child, address } = await forkEngine(folder)
  try {
    return describeFlood(await runFlood({ ...address, ...SIZE, seed, pid: child.pid ?? 0 }))
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

function describeFlood({
  webSocket,
  http,
  halfRequests,
  before,
  after,
  socketsLeft,
}: FloodResult): FloodTable {
  const grownMb = (after?.residentMb ?? 0) - (before?.residentMb ?? 0)
  const handlesLeft = (after?.handles ?? 0) - (before?.handles ?? 0)
  const statuses = Object.entries(http.byStatus).map(([status, times]) => `${status}: ${String(times)}`)
  const finds = [
    ...webSocket.errors.map((error) => `flood, a client: ${error}`),
    ...http.errors.map((error) => `flood, a request: ${error}`),
    ...http.unexpected.map((answer) => `flood, ${answer}`),
    ...(socketsLeft === null || socketsLeft === 0 ? [] : [`flood: ${String(socketsLeft)} sockets are left`]),
    ...(grownMb > MOST_GROWTH_MB ? [`flood: the engine grew by ${String(grownMb)} MB`] : []),
  ]
  return {
    rows: [
      [
        `${String(SIZE.clients)} clients`,
        `${String(webSocket.answers)} answers, ${describeTimes(webSocket)}`,
      ],
      [`${String(SIZE.requests)} requests`, `${statuses.join(', ')}; ${describeTimes(http)}`],
      ['half requests', `${String(halfRequests.opened)} held open, ${String(halfRequests.refused)} refused`],
      [
        'engine',
        `grew by ${String(grownMb)} MB; ${String(handlesLeft)} handles and ${String(socketsLeft)} sockets left`,
      ],
    ],
    finds,
  }
}

function describeTimes({ p50Ms, p99Ms }: Times): string {
  return `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`
}
