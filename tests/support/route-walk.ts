import type { FastifyInstance } from 'fastify'
import { sendRaw } from './raw-http.ts'
import type { RawAnswer } from './raw-http.ts'

export interface Route {
  readonly method: string
  /** With parameters as the router writes them, `:run`. */
  readonly pattern: string
}

/** Every route of a server, read off the tree that the router prints. */
export function listRoutes(server: FastifyInstance): readonly Route[] {
  const parents: string[] = []
  return server
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const match = /^((?:[│ ] {3})*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line)
      if (match === null) {
        return []
      }
      const depth = (match[1] ?? '').length / 4
      parents.splice(depth)
      parents.push(match[2] ?? '')
      const pattern = parents.join('').replace(/^(?!\/)/, '/')
      const methods = match[3]?.split(', ') ?? []
      return methods.map((method) => ({ method, pattern }))
    })
}

/** What a client may write to mean the same address, or to look like another one. */
export function spellingsOf(path: string, origin: string): readonly string[] {
  const rest = path.replace(/^\/[^/]*/, '')
  const first = path.slice(1, path.length - rest.length)
  const hex = (char: string): string => `%${char.charCodeAt(0).toString(16)}`
  const all = Array.from(first, hex).join('')
  const heads = [
    ...[first, all, all.toUpperCase(), all.replaceAll('%', '%25')],
    ...[hex(first.slice(0, 1)) + first.slice(1), `%25${hex(first.slice(0, 1)).slice(1)}${first.slice(1)}`],
    ...[first.toUpperCase(), first.slice(0, 1).toUpperCase() + first.slice(1)],
    ...[
      '/',
      '//',
      './',
      'x/../',
      '%2e/',
      '%2e%2e/',
      '.%2e/',
      '..;/',
      ';/',
      '%2f',
      '%5c',
      '\\',
      '%00',
      '%09',
    ].map((before) => before + first),
    ...['.', '..', '%2e', '%00', '%20', ';x=1', '\\', '%5c', '%23', '%3f', '/.', '/..;', '/x/..'].map(
      (after) => first + after,
    ),
    ...['\uff41pi', '\u0430pi'].map((word) => encodeURIComponent(word)),
    '%c1%a1pi',
  ]
  const inside = [
    rest.replace('/', '%2F'),
    rest.replaceAll('/', '%2f'),
    rest.replaceAll('/', '//'),
    `/.${rest}`,
  ]
  const tails = [
    '/',
    '//',
    '.',
    '%2e',
    '%20',
    ';',
    ';x=1',
    '?',
    '?token=',
    '#',
    '%00',
    '/.',
    '/../',
    '%0d%0a',
  ]
  const host = origin.replace(/^http/, '')
  return [
    ...heads.map((head) => `/${head}${rest}`),
    ...inside.map((other) => `/${first}${other}`),
    ...tails.map((tail) => path + tail),
    ...['http', 'HTTP', 'https', 'ws', 'file'].map((scheme) => `${scheme}${host}${path}`),
    ...[
      `http://evil.example${path}`,
      `${host.slice(1)}${path}`,
      path.slice(1),
      `/?${path}`,
      `/#${path}`,
      `/${path}/\0`,
    ],
    `*${path}`,
  ]
}

export interface WalkOptions {
  readonly url: string
  readonly routes: readonly Route[]
  /** Values of parameters for which there is something to be had. */
  readonly params: Readonly<Record<string, string>>
  /** Contents of the page; everybody may have it. */
  readonly page: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Walk {
  readonly requests: number
  readonly byStatus: Readonly<Record<number, number>>
  /** Requests that got something without a token, or another refusal than 401 or 404; those with contents first. */
  readonly leaks: readonly string[]
}

const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'CONNECT',
]
const AT_ONCE = 24

/** Asks for every route by every method and in every spelling, without a token. */
export async function walkRoutes(options: WalkOptions): Promise<Walk> {
  const { hostname, port, origin } = new URL(options.url)
  const paths = new Set(options.routes.map(({ pattern }) => fill(pattern, options.params)))
  const targets = new Set([...paths].flatMap((path) => [path, ...spellingsOf(path, origin)]))
  const queue = [...targets].flatMap((target) => METHODS.map((method) => ({ method, target })))
  const requests = queue.length
  const byStatus: Record<number, number> = {}
  const leaks: string[] = []
  const work = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { method, target } = next
      const answer = await sendRaw({
        ...{ host: hostname, port: Number(port), method, target },
        headers: { 'content-type': 'application/octet-stream', ...options.headers },
        body: PICTURE,
      })
      byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1
      if (!isRefusal(method, answer, options.page)) {
        leaks.push(`${String(answer.status)} ${method} ${target} -> ${answer.body.slice(0, 40)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { requests, byStatus, leaks: leaks.toSorted() }
}

/** Enough for the server to take it for a picture, and to keep it. */
const PICTURE = `\x89PNG\r\n\x1a\n${'x'.repeat(40)}`

export function fill(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replaceAll(/:([a-z]+)/gi, (_, name: string) => params[name] ?? name).replace('*', 'x')
}

function isRefusal(method: string, { status, head, body }: RawAnswer, page: string): boolean {
  const isPage = status === 200 && (method === 'HEAD' ? /text\/html/.test(head) : body === page)
  const isPreflight = method === 'OPTIONS' && status === 204 && body === ''
  // What is no HTTP at all is refused by the parser with these words, or the connection is closed.
  const isNoHttp = status === 0 || (status === 400 && body.includes('Client Error'))
  return [401, 404].includes(status) || isPage || isPreflight || isNoHttp
}
