import { EngineError } from '../../contract/index.ts'
import type { SystemStatus } from '../../contract/index.ts'
import type { DataPaths } from '../../store/data-folder.ts'
import type { EngineLock } from '../../store/engine-lock.ts'
import { ensureKeptToken, renewKeptToken } from '../../store/kept-token.ts'
import { createAccess } from './access.ts'
import type { Access } from './access.ts'
import type { ListeningServer } from './listen.ts'

export interface DoorOptions {
  readonly paths: DataPaths
  readonly lock: Pick<EngineLock, 'publish'>
  /** Undefined: that of the data folder. */
  readonly token: string | undefined
  readonly host: string
  readonly port: number
  readonly devOrigin: string | null
  readonly onTokenRenewed: ((token: string) => void) | undefined
}

export interface Door {
  readonly access: Access
  open(server: ListeningServer): void
  listening(): SystemStatus['listening']
  /** @throws EngineError CONFLICT when the token is not that of the data folder. */
  renewToken(): void
}

/** The token and where it is published; services know of it before the server that answers with them is there. */
export function createDoor({
  paths,
  lock,
  token: given,
  host,
  port,
  devOrigin,
  onTokenRenewed,
}: DoorOptions): Door {
  const kept = given === undefined ? ensureKeptToken(paths.keptToken) : { token: given, notice: null }
  if (kept.notice !== null) {
    console.warn(kept.notice)
  }
  const access = createAccess({ token: kept.token, host, devOrigin })
  let server: ListeningServer | null = null
  return {
    access,
    open(opened) {
      server = opened
      lock.publish(opened.url, access.token)
    },
    listening: () => server?.listening ?? { host, port },
    renewToken() {
      if (given !== undefined) {
        throw new EngineError(
          'CONFLICT',
          'The token of this engine was given at its start; give another one there.',
        )
      }
      const token = renewKeptToken(paths.keptToken)
      access.renew(token)
      if (server !== null) {
        lock.publish(server.url, token)
        // Who asked for it gets the answer first.
        setImmediate(() => server?.dropConnections())
      }
      onTokenRenewed?.(token)
    },
  }
}
