import type { DesktopBridge, EngineConnection } from '../../src-preload/bridge.ts'

export interface ConnectionSource {
  current(): Promise<EngineConnection>
}

const TOKEN_KEY = 'scalenas.token'
const HASH_PATTERN = /^#\/?token=([^&]+)$/

/**
 * A browser gets the token once, in the fragment of the printed address. It moves to the session storage and leaves the
 * address bar, so that a copied link does not carry it.
 */
export function browserSource(
  place: Pick<Window, 'location' | 'history' | 'sessionStorage'>,
): ConnectionSource {
  const found = HASH_PATTERN.exec(place.location.hash)?.[1]
  if (found !== undefined) {
    place.sessionStorage.setItem(TOKEN_KEY, decodeURIComponent(found))
    place.history.replaceState(null, '', `${place.location.pathname}${place.location.search}#/`)
  }
  return {
    current: () =>
      Promise.resolve({
        baseUrl: place.location.origin,
        token: place.sessionStorage.getItem(TOKEN_KEY) ?? '',
      }),
  }
}

/** The desktop window asks each time, because a restarted engine has another port and token. */
export function desktopSource(bridge: DesktopBridge): ConnectionSource {
  return { current: () => bridge.connection() }
}

export function connectionSource(place: Window): ConnectionSource {
  return place.desktop === undefined ? browserSource(place) : desktopSource(place.desktop)
}
