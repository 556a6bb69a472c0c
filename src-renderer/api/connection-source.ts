import type { DesktopBridge, EngineConnection } from '../../src-preload/bridge.ts'
import { tokenOfHash } from '../lib/read-token.ts'

export interface ConnectionSource {
  current(): Promise<EngineConnection>
  /** Keeps a token for this page; null where the token comes by itself. */
  readonly keepToken: ((token: string) => void) | null
}

const TOKEN_KEY = 'scalenas.token'

/**
 * A browser gets the token once, in the fragment of the printed address. It moves to the session storage and leaves the
 * address bar, so that a copied link does not carry it. Whoever pastes the address over that of an open page changes its fragment
 * only, so the page loads again.
 */
export function browserSource(
  place: Pick<Window, 'location' | 'history' | 'sessionStorage' | 'addEventListener'>,
): ConnectionSource {
  const keepToken = (token: string): void => place.sessionStorage.setItem(TOKEN_KEY, token)
  const takeFrom = (hash: string): boolean => {
    const token = tokenOfHash(hash)
    if (token === null) {
      return false
    }
    keepToken(token)
    place.history.replaceState(null, '', `${place.location.pathname}${place.location.search}#/`)
    return true
  }
  takeFrom(place.location.hash)
  place.addEventListener('hashchange', ({ newURL }) => {
    // The router has made a page of its own of the fragment by now.
    if (takeFrom(new URL(newURL).hash)) {
      place.location.reload()
    }
  })
  return {
    keepToken,
    current: () =>
      Promise.resolve({
        baseUrl: place.location.origin,
        token: place.sessionStorage.getItem(TOKEN_KEY) ?? '',
      }),
  }
}

/** The desktop window asks each time, because a restarted engine has another port and token. */
export function desktopSource(bridge: DesktopBridge): ConnectionSource {
  return { current: () => bridge.connection(), keepToken: null }
}

export function connectionSource(place: Window): ConnectionSource {
  return place.desktop === undefined ? browserSource(place) : desktopSource(place.desktop)
}
