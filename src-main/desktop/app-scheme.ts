import { net, protocol } from 'electron'
import { existsSync, statSync } from 'node:fs'
import { join, relative, isAbsolute } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The origin of the page. A scheme of our own gives it one, which files do not have. */
export const APP_ORIGIN = 'app://bundle'

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'", // Naive UI writes style elements
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Must run before the app is ready. */
export function registerAppScheme(): void {
  const privileges = { standard: true, secure: true, supportFetchAPI: true, stream: true }
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges }])
}

/** @param folder - The built renderer; nothing outside it is ever read. */
export function serveRenderer(folder: string): void {
  protocol.handle('app', async (request) => {
    const { host, pathname } = new URL(request.url)
    const file = host === 'bundle' ? resolveInside(folder, pathname) : null
    if (!file) {
      return new Response('not found', { status: 404 })
    }
    const response = await net.fetch(pathToFileURL(file).href)
    const headers = new Headers(response.headers)
    headers.set('Content-Security-Policy', CONTENT_SECURITY_POLICY)
    headers.set('X-Content-Type-Options', 'nosniff')
    return new Response(response.body, { status: response.status, headers })
  })
}

/** @returns the file that a path names, or null when there is none inside the folder. */
export function resolveInside(folder: string, pathname: string): string | null {
  let decoded: string
  try {
    decoded = decodeURIComponent(pathname)
  } catch {
    return null // a malformed escape names nothing
  }
  if (decoded.includes('\0')) {
    return null
  }
  const file = join(folder, decoded === '/' ? 'index.html' : decoded)
  const inside = relative(folder, file)
  if (inside.startsWith('..') || isAbsolute(inside) || !existsSync(file)) {
    return null
  }
  return statSync(file).isFile() ? file : null
}
