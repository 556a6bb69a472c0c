import { app, session } from 'electron'
import type { WebContents } from 'electron'
import { isOwnPage } from './own-page.ts'

/** The one thing that the page asks for: its Copy buttons write text. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write'

/** Denies what the studio never needs: permissions, other pages, new windows, embedded views. */
export function lockDown(): void {
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((contents, permission, answer) => {
    answer(permission === ALLOWED_PERMISSION && isOwnPage(contents.getURL()))
  })
  defaultSession.setPermissionCheckHandler((_contents, permission, origin) => {
    return permission === ALLOWED_PERMISSION && isOwnPage(origin)
  })
  app.on('web-contents-created', (_event, contents) => {
    lockDownContents(contents)
  })
}

function lockDownContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
  contents.on('will-navigate', (event) => {
    event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => {
    event.preventDefault()
  })
}
