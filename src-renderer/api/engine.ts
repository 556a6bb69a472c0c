import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import type { TRPCClient } from '@trpc/client'
import { inject } from 'vue'
import type { InjectionKey } from 'vue'
import { EngineError, fromErrorInfo } from '../../src-main/contract/index.ts'
import type { ErrorInfo, OwnPicture } from '../../src-main/contract/index.ts'
import type { AppRouter } from '../../src-main/engine/routers/app-router.ts'
import type { EngineConnection } from '../../src-preload/bridge.ts'
import type { ConnectionSource } from './connection-source.ts'

/** Everything the window asks of the engine: calls and events on one WebSocket, files by authorized GET. */
export interface Engine {
  readonly calls: TRPCClient<AppRouter>
  /** @param path - As the contract gives it, '/api/runs/…'. */
  fetchFile(path: string): Promise<Blob>
  /** Hands the engine a picture. @throws EngineError with the engine's reason. */
  sendPicture(runId: string, name: string, content: Blob): Promise<OwnPicture>
  /** Whether the engine takes the token of this page; true as well while no engine answers. */
  isAdmitted(): Promise<boolean>
  /** Whether this page may be given a token; the desktop window gets it by itself. */
  readonly asksForToken: boolean
  /** Asks the engine with another token and keeps the one that it takes. */
  tryToken(token: string): Promise<TokenOutcome>
}

export type TokenOutcome = 'taken' | 'refused' | 'no answer'

export type LinkState = 'connecting' | 'open' | 'closed'

export interface EngineOptions {
  readonly source: ConnectionSource
  readonly onStateChanged: (state: LinkState) => void
}

const RETRY_STEP_MS = 400
const LONGEST_RETRY_MS = 4000
/** A dead engine process closes its sockets at once; the ping is for a host that froze or slept. */
const PING_EVERY_MS = 5000
const PONG_WITHIN_MS = 8000

export const ENGINE: InjectionKey<Engine> = Symbol('engine')

/** @throws Error outside of an app that provides the engine. */
export function useEngine(): Engine {
  const engine = inject(ENGINE)
  if (engine === undefined) {
    throw new Error('useEngine: the app provides no engine')
  }
  return engine
}

export function connectEngine({ source, onStateChanged }: EngineOptions): Engine {
  const client = createWSClient({
    url: async () => `${(await source.current()).baseUrl.replace(/^http/, 'ws')}/trpc`,
    connectionParams: async () => ({ token: (await source.current()).token }),
    retryDelayMs: (attempt) => Math.min(LONGEST_RETRY_MS, RETRY_STEP_MS * 2 ** Math.min(attempt, 6)),
    keepAlive: { enabled: true, intervalMs: PING_EVERY_MS, pongTimeoutMs: PONG_WITHIN_MS },
    onOpen: () => {
      onStateChanged('open')
    },
    onClose: () => {
      onStateChanged('closed')
    },
  })
  return {
    calls: createTRPCClient<AppRouter>({ links: [wsLink<AppRouter>({ client })] }),
    fetchFile: (path) => fetchFile(source, path),
    sendPicture: (runId, name, content) => sendPicture(source, runId, name, content),
    isAdmitted: async () => (await probe(await source.current())) !== 'refused',
    asksForToken: source.keepToken !== null,
    tryToken: (token) => tryToken(source, token),
  }
}

async function fetchFile(source: ConnectionSource, path: string): Promise<Blob> {
  const { baseUrl, token } = await source.current()
  const response = await fetch(`${baseUrl}${path}`, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) {
    const code = response.status === 404 ? 'NOT_FOUND' : response.status === 401 ? 'UNAUTHORIZED' : 'INTERNAL'
    throw new EngineError(
      code,
      `${path}: the engine answered ${String(response.status)} ${response.statusText}`,
    )
  }
  return response.blob()
}

async function sendPicture(
  source: ConnectionSource,
  runId: string,
  name: string,
  content: Blob,
): Promise<OwnPicture> {
  const { baseUrl, token } = await source.current()
  const response = await fetch(`${baseUrl}/api/runs/${runId}/pictures?name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
    body: content,
  })
  const said: unknown = await response.json()
  if (!response.ok) {
    const { code, message } = said as Pick<ErrorInfo, 'code' | 'message'>
    throw fromErrorInfo({ code, message, details: [] })
  }
  return said as OwnPicture
}

/** No such file; the token is looked at before the path. */
const PROBE = '/api/runs/r-000000/preview/none/image'

async function tryToken(source: ConnectionSource, token: string): Promise<TokenOutcome> {
  const { baseUrl } = await source.current()
  const outcome = await probe({ baseUrl, token })
  if (outcome === 'taken') {
    source.keepToken?.(token)
  }
  return outcome
}

/** A refused connection says nothing about the token: the engine is away, and the banner says that. */
async function probe({ baseUrl, token }: EngineConnection): Promise<TokenOutcome> {
  const answer = fetch(`${baseUrl}${PROBE}`, { headers: { authorization: `Bearer ${token}` } })
  return answer.then(({ status }) => (status === 401 ? 'refused' : 'taken')).catch(() => 'no answer')
}
