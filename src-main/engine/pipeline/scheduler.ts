import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import { runAttempts } from './run-attempt.ts'
import type { EngineParts } from './run-context.ts'
import { assertTransition } from './run-state.ts'
import type { StopReason } from './store-ending.ts'

interface ActiveRun {
  readonly runId: string
  readonly controller: AbortController
  readonly ended: Promise<void>
}

/** One run trains at a time, the others wait in the order in which they were asked for. */
export class Scheduler {
  readonly #parts: EngineParts
  readonly #waiting: string[] = []
  #active: ActiveRun | null = null
  readonly #closing = new AbortController()
  readonly #waitingForSpace = new Set<string>()

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  get runningIds(): readonly string[] {
    return this.#active === null ? [] : [this.#active.runId]
  }

  /** Runs that ended and whose ending waits for space on the disk. */
  get idsWaitingForSpace(): readonly string[] {
    return [...this.#waitingForSpace]
  }

  enqueue(runId: string): void {
    if (!this.#waiting.includes(runId) && this.#active?.runId !== runId) {
      this.#waiting.push(runId)
      this.#startNext()
    }
  }

  /**
   * Resolves when the run has ended: its checkpoint is written, or its worker was killed for not stopping.
   * @throws EngineError CONFLICT when it neither runs nor waits.
   */
  async stop(runId: string): Promise<void> {
    if (this.#active?.runId === runId) {
      const { ended } = this.#active
      this.#end({
        error: new EngineError('STOPPED', 'Stopped on request.'),
        ending: { status: 'stopped', outcome: 'stopped' },
      })
      await ended
      return
    }
    const { store, hub, now } = this.#parts
    assertTransition(runId, store.runs.find(runId)?.status ?? 'stopped', 'stopped')
    const position = this.#waiting.indexOf(runId)
    if (position >= 0) {
      this.#waiting.splice(position, 1)
    }
    store.runs.update(runId, { status: 'stopped', endedAt: now() })
    hub.publishStatus(runId)
  }

  /** Ends a run because of something outside of it. */
  interrupt(runId: string, error: EngineError): void {
    if (this.#active?.runId === runId) {
      this.#end({ error, ending: { status: 'interrupted', outcome: 'crashed' } })
    }
  }

  async close(): Promise<void> {
    this.#end({
      error: new EngineError('STOPPED', 'The engine was closed while this run was at work.'),
      ending: { status: 'interrupted', outcome: 'stopped' },
    })
    this.#closing.abort()
    await this.#active?.ended
  }

  #startNext(): void {
    if (this.#active !== null || this.#closing.signal.aborted) {
      return
    }
    const runId = this.#waiting.shift()
    if (runId === undefined) {
      return
    }
    const controller = new AbortController()
    const ended = runAttempts(this.#parts, runId, controller.signal, {
      onWait: (isWaiting) => this.#waitingForSpace[isWaiting ? 'add' : 'delete'](runId),
      closing: this.#closing.signal,
    }).finally(() => {
      this.#active = null
      this.#startNext()
    })
    this.#active = { runId, controller, ended }
  }

  #end(reason: StopReason): void {
    this.#active?.controller.abort(reason)
  }
}

/**
 * What a dead engine left behind: runs that were at work are interrupted, leases return. Called before anything is scheduled.
 * @returns the runs that were still waiting for their turn, oldest first.
 */
export function recoverRuns(store: Store, now: () => number): string[] {
  const error = new EngineError(
    'WORKER_DIED',
    'The engine ended while this run was at work (a kill, a crash, or a power cut). Everything up to the last checkpoint is stored.',
  )
  for (const runId of store.runs.idsByStatus(['running', 'paused'])) {
    store.transaction(() => {
      store.runs.update(runId, {
        status: 'interrupted',
        secondsLeft: null,
        endedAt: now(),
        error: toErrorInfo(error),
      })
      store.attempts.finish(runId, 'crashed', error.message, now())
      store.candidates.returnAllLeases(runId)
    })
  }
  return store.runs.idsByStatus(['queued'])
}
