import { networkInterfaces } from 'node:os'

/** The token stays in the fragment, which a browser sends to nobody. */
export function pageAddress({ url, token }: { readonly url: string; readonly token: string }): string {
  return `${url}/#token=${token}`
}

/** Where other machines reach an engine that listens on this host; none for loopback. */
export function listOutwardUrls(
  host: string,
  port: number,
  interfaces = networkInterfaces(),
): readonly string[] {
  if (!isEveryAddress(host)) {
    return []
  }
  return Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ internal, family }) => !internal && (family === 'IPv4' || host === '::'))
    .filter(({ address }) => !address.startsWith('fe80:')) // needs a zone, which no browser takes
    .map(({ address }) => `http://${address.includes(':') ? `[${address}]` : address}:${String(port)}`)
}

export function isEveryAddress(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}
