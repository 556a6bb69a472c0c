import { connect } from 'node:net'

export interface RawRequest {
  readonly host: string
  readonly port: number
  readonly method: string
  /** As it goes over the wire: no client tidies it up. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  readonly status: number
  readonly head: string
  readonly body: string
}

/** One request on a connection of its own, by the bytes. */
export function sendRaw({
  host,
  port,
  method,
  target,
  headers = {},
  body = '',
}: RawRequest): Promise<RawAnswer> {
  const all = { host: `${host}:${String(port)}`, connection: 'close', ...headers }
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body, 'latin1')) }
  const lines = Object.entries({ ...all, ...length }).map(([name, value]) => `${name}: ${value}`)
  return exchange(host, port, `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Sends bytes as they are and reads until the other side closes. A WebSocket that opens is closed from here. */
export function exchange(host: string, port: number, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ host, port })
    socket.setEncoding('latin1')
    socket.on('connect', () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.startsWith('HTTP/1.1 101')) {
        socket.destroy()
      }
    })
    // A server that refuses may close before it has read everything; what it said until then counts.
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(parseAnswer(text)))
  })
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const head = end === -1 ? text : text.slice(0, end)
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end === -1 ? '' : text.slice(end + 4),
  }
}
