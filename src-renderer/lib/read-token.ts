/** What somebody pasted: the token itself, or the address with it. */
export type PastedToken =
  { readonly ok: true; readonly token: string } | { readonly ok: false; readonly reason: string }

/** What may stand in an Authorization header; tokens of the engine have 43 of these. */
const TOKEN = /^[\w.~+/=-]{1,512}$/
const FRAGMENT = /#\/?token=([^&\s]+)/

/** @param origin - Of this page; the token of another engine is of no use here. */
export function readToken(pasted: string, origin: string): PastedToken {
  const text = pasted.trim()
  if (text === '') {
    return { ok: false, reason: 'Paste the token, or the whole address with it.' }
  }
  const fragment = FRAGMENT.exec(text)?.[1]
  if (/^https?:/i.test(text)) {
    const other = originOf(text)
    if (fragment === undefined) {
      return { ok: false, reason: 'This address has no token: it stands behind #token= at its end.' }
    }
    if (other !== null && other !== origin) {
      return {
        ok: false,
        reason: `This address is of ${other}, and this page of ${origin}. Open it in a tab.`,
      }
    }
  }
  const token = decode(fragment ?? text)
  return token !== null && TOKEN.test(token)
    ? { ok: true, token }
    : { ok: false, reason: 'This is no token: letters, digits, "-" and "_" without a space.' }
}

/** The token of a fragment that holds nothing else, `#token=…`. */
export function tokenOfHash(hash: string): string | null {
  const found = /^#\/?token=([^&]+)$/.exec(hash)?.[1]
  return found === undefined ? null : decode(found)
}

/** Two names of the same machine are one place to the engine, but not to the browser's storage, so they count as two. */
function originOf(address: string): string | null {
  return URL.canParse(address) ? new URL(address).origin : null
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null // a lone percent sign
  }
}
