import { Agent, request } from 'node:http'
import type { RequestOptions } from 'node:http'
import type { Random } from '../../src-main/nas/random.ts'
import { summariseTimes } from './summarise-times.ts'
import type { Times } from './summarise-times.ts'

export interface HttpFlood extends Times {
  readonly byStatus: Readonly<Record<number, number>>
  /** Connections that failed, by the reason of the system. */
  readonly errors: readonly string[]
  /** Answers with another status than their request deserves: a call without token that got something, above all. */
  readonly unexpected: readonly string[]
}

export interface HttpFloodOptions {
  readonly url: string
  readonly token: string
  readonly requests: number
  readonly connections: number
  readonly random: Pick<Random, 'int'>
}

/** What is asked, and the status that it deserves. */
interface Kind {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly hasToken: boolean
  readonly status: number
  readonly body?: string
}

const FILE = '/api/runs/r-flood001/preview/s1/image'
const PICTURES = '/api/runs/r-flood001/pictures?name=a.png'
const KINDS: readonly Kind[] = [
  { name: 'page', method: 'GET', path: '/', hasToken: false, status: 200 },
  { name: 'file', method: 'GET', path: FILE, hasToken: true, status: 404 },
  { name: 'file without token', method: 'GET', path: FILE, hasToken: false, status: 401 },
  {
    ...{ name: 'encoded, without token', method: 'GET', hasToken: false, status: 401 },
    path: FILE.replace('/api', '/%61pi'),
  },
  { name: 'nothing', method: 'GET', path: '/nowhere', hasToken: true, status: 404 },
  { name: 'bad id', method: 'GET', path: FILE.replace('s1', '.s1'), hasToken: true, status: 400 },
  { name: 'picture for no run', method: 'POST', path: PICTURES, hasToken: true, status: 404, body: 'x' },
  { name: 'picture without token', method: 'POST', path: PICTURES, hasToken: false, status: 401, body: 'x' },
]

export async function floodHttp({
  url,
  token,
  requests,
  connections,
  random,
}: HttpFloodOptions): Promise<HttpFlood> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const { hostname, port } = new URL(url)
  const byStatus: Record<number, number> = {}
  const errors: string[] = []
  const unexpected: string[] = []
  const times: number[] = []
  let left = requests
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const kind = KINDS[random.int(KINDS.length)] ?? KINDS[0]
      if (kind === undefined) {
        return
      }
      const startedAt = performance.now()
      const headers: Record<string, string> = {
        ...(kind.hasToken && { authorization: `Bearer ${token}` }),
        ...(kind.body !== undefined && { 'content-type': 'application/octet-stream' }),
      }
      const status = await send(
        { agent, hostname, port, headers, method: kind.method, path: kind.path },
        kind.body,
      )
      if (typeof status === 'string') {
        errors.push(status)
        continue
      }
      times.push(performance.now() - startedAt)
      byStatus[status] = (byStatus[status] ?? 0) + 1
      // Of five pictures at once one is asked to wait, which is no failure.
      if (status !== kind.status && !(status === 409 && kind.hasToken)) {
        unexpected.push(`${kind.name}: ${String(status)} instead of ${String(kind.status)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, work))
  agent.destroy()
  return { byStatus, errors, unexpected, ...summariseTimes(times) }
}

/** @returns the status, or why there was no answer. */
function send(options: RequestOptions, body = ''): Promise<number | string> {
  return new Promise((resolve) => {
    const call = request(options, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
      response.once('error', (error) => resolve(error.message))
    })
    call.once('error', (error) => resolve(error.message))
    call.end(body)
  })
}
