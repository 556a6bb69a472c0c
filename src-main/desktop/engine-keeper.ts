import type { EngineAddress, EngineProcess, EngineStarter } from './engine-starter.ts'
import { createRestartBudget } from './restart-budget.ts'

/** Keeps one engine alive: starts it, restarts it when it dies, ends it with the app. It never restarts a run. */
export interface EngineKeeper {
  start(): void
  /** The address of the living engine; waits through starts and restarts. @throws Error once the keeper has given up. */
  address(): Promise<EngineAddress>
  /** Ends the engine for good. */
  stop(): Promise<void>
}

export interface EngineKeeperOptions {
  readonly starter: EngineStarter
  /** Called when `address` has another answer: at each start after the first one that succeeded, and with a new token. */
  readonly onChanged: () => void
  /** Called once, when the restart budget is used up. */
  readonly onGivenUp: (reason: string) => void
  readonly log: (line: string) => void
  /** Milliseconds on a steady clock; a parameter so that tests need not wait. */
  readonly now: () => number
  readonly delay: (ms: number) => Promise<void>
}

export function createEngineKeeper(options: EngineKeeperOptions): EngineKeeper {
  const { starter, onChanged, onGivenUp, log, now, delay } = options
  const budget = createRestartBudget()
  let engine: EngineProcess | null = null
  let address = promiseAddress()
  let isReady = false
  let readyCount = 0
  let isStopping = false

  function start(): void {
    if (isStopping) {
      return
    }
    const started = starter.start()
    engine = started
    started.ready.then(welcome, () => undefined) // dying before it is ready is an exit as well, and handled there
    started.onMoved(move)
    started.onExit((reason) => void bury(started, reason))
  }

  function welcome(found: EngineAddress): void {
    isReady = true
    readyCount++
    log(`engine ready at ${found.url} (${starter.kind})`)
    address.resolve(found)
    if (readyCount > 1) {
      onChanged()
    }
  }

  function move(found: EngineAddress): void {
    address = promiseAddress(found)
    onChanged()
  }

  async function bury(dead: EngineProcess, reason: string): Promise<void> {
    engine = null
    if (isStopping) {
      return
    }
    if (isReady) {
      isReady = false
      address = promiseAddress()
    }
    const wait = budget.take(now())
    if (wait === null) {
      const message = giveUpMessage(dead, reason)
      address.reject(new Error(message))
      onGivenUp(message)
      return
    }
    log(`engine gone (${reason}); starting again in ${String(wait)} ms`)
    await delay(wait)
    start()
  }

  return {
    start,
    address: () => address.promise,
    async stop() {
      isStopping = true
      await engine?.stop()
    },
  }
}

function promiseAddress(known?: EngineAddress): PromiseWithResolvers<EngineAddress> {
  const deferred = Promise.withResolvers<EngineAddress>()
  if (known) {
    deferred.resolve(known)
  }
  deferred.promise.catch(() => undefined) // nobody may be asking when the keeper gives up
  return deferred
}

function giveUpMessage(dead: EngineProcess, reason: string): string {
  const words = `The engine died too often and was not started again: ${reason}`
  return [words, ...dead.lastOutput()].join('\n')
}
