import { timingSafeEqual, createHash } from 'node:crypto'
import { hostname, networkInterfaces } from 'node:os'

/** The page of the desktop window. */
const DESKTOP_ORIGIN = 'app://bundle'

/** Who may talk to the engine: the token, the Host header (against DNS rebinding) and the Origin (against other pages). */
export interface Access {
  readonly token: string
  /** From now on only this token is taken. */
  renew(token: string): void
  isToken(given: string | null | undefined): boolean
  /** A name of the address listened on, at any port: a tunnel (`ssh -L`) has another one. */
  isHost(header: string | undefined): boolean
  /** The desktop window, the development server, or a page that came from the very host it calls. Absent for programs. */
  isOrigin(header: string | undefined, host: string | undefined): boolean
}

export interface AccessOptions {
  readonly token: string
  /** The address that is listened on. */
  readonly host: string
  /** Page of the development server, if there is one. */
  readonly devOrigin: string | null
}

export function createAccess({ token: first, host, devOrigin }: AccessOptions): Access {
  let token = first
  const names = listHostNames(host)
  return {
    get token() {
      return token
    },
    renew(next) {
      token = next
    },
    isToken: (given) => typeof given === 'string' && isEqualInConstantTime(given, token),
    isHost: (header) => header !== undefined && names.includes(header.toLowerCase().replace(/:\d+$/, '')),
    isOrigin: (header, calledHost) =>
      header === undefined ||
      header === DESKTOP_ORIGIN ||
      (devOrigin !== null && header === devOrigin) ||
      (calledHost !== undefined && header.toLowerCase() === `http://${calledHost.toLowerCase()}`),
  }
}

/** Hashes have one length, so neither content nor length of the token shows in the time. */
function isEqualInConstantTime(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** Names under which a browser may reach the address; all of this machine's for "any address". */
function listHostNames(host: string): readonly string[] {
  const loopback = ['127.0.0.1', 'localhost', '[::1]']
  if (isLoopback(host)) {
    return [...loopback, bracketed(host)]
  }
  if (host !== '0.0.0.0' && host !== '::') {
    return [bracketed(host)]
  }
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return [...loopback, hostname().toLowerCase(), ...addresses.map(({ address }) => bracketed(address))]
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host.toLowerCase()
}
