/** Where a running engine answers. */
export interface EngineAddress {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly token: string
}

/** One life of an engine process. */
export interface EngineProcess {
  /** Rejects when it cannot be started or dies before it is ready. */
  readonly ready: Promise<EngineAddress>
  /** Calls back with every address that comes after the first: the token was renewed. */
  onMoved(callback: (address: EngineAddress) => void): void
  /** Calls back once, when the process is gone, with what is known of the reason. */
  onExit(callback: (reason: string) => void): void
  /** Asks it to end, insists after a while; resolves when it is gone. */
  stop(): Promise<void>
  /** The last lines that it printed, oldest first. */
  readonly lastOutput: () => readonly string[]
}

/** The one seam between the keeper and how a process comes about; nothing above it can tell which starter works. */
export interface EngineStarter {
  readonly kind: 'utility-process' | 'node-child'
  start(): EngineProcess
}

/** What both starters need. */
export interface EngineStartOptions {
  /** Absolute path of the built engine entry, out/main/engine.js. */
  readonly entry: string
  readonly environment: NodeJS.ProcessEnv
}

/** The engine says this once it listens; anything else it posts is not for the keeper. */
export function toEngineAddress(message: unknown): EngineAddress | null {
  if (typeof message !== 'object' || message === null) {
    return null
  }
  const { kind, url, token } = message as Record<string, unknown>
  const isAddress = kind === 'engine-ready' && typeof url === 'string' && typeof token === 'string'
  return isAddress ? { url, token } : null
}

/** `ready` resolves with the address that the engine posts; it rejects with the reason when the process is gone before. */
export function followAddress(
  onMessage: (listener: (message: unknown) => void) => void,
  exited: Promise<string>,
): Pick<EngineProcess, 'ready' | 'onMoved'> {
  const { promise: ready, resolve, reject } = Promise.withResolvers<EngineAddress>()
  const listeners = new Set<(address: EngineAddress) => void>()
  let isReady = false
  onMessage((message) => {
    const address = toEngineAddress(message)
    if (address === null) {
      return
    }
    if (isReady) {
      listeners.forEach((tell) => {
        tell(address)
      })
    }
    isReady = true
    resolve(address)
  })
  void exited.then((reason) => {
    reject(new Error(`the engine did not start: ${reason}`))
  })
  return { ready, onMoved: (callback) => void listeners.add(callback) }
}

/** The engine gives a worker 20 s for a last checkpoint; then it closes the database. */
export const STOP_TIMEOUT_MS = 30_000
