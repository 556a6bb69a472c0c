/** Host of the page. A scheme of our own gives it an origin, which files do not have: app://bundle. */
export const APP_HOST = 'bundle'

/** The built page, or the development server that electron-vite has started. */
export function pageUrl(): string {
  return process.env['ELECTRON_RENDERER_URL'] ?? `app://${APP_HOST}/`
}

/** Compares scheme and host: Node calls the origin of every scheme that it does not know 'null', so origins would all be equal. */
export function isOwnPage(url: string): boolean {
  if (!URL.canParse(url)) {
    return false
  }
  const [own, given] = [new URL(pageUrl()), new URL(url)]
  return given.protocol === own.protocol && given.host === own.host
}
