import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import { runAttempt } from './run-attempt.ts'
import type { StopReason } from './run-attempt.ts'
import type { EngineParts } from './run-context.ts'
import { assertTransition } from './run-state.ts'

/** One run trains at a time, the others wait in the order in which they were asked for. */
export interface Scheduler {
  enqueue(runId: string): void
  /** Resolves when the run has ended: its checkpoint is written, or its worker was killed for not stopping. */
  stop(runId: string): Promise<void>
  /** Ends a run because of something outside of it. */
  interrupt(runId: string, error: EngineError): void
  runningIds(): readonly string[]
  close(): Promise<void>
}

interface ActiveRun {
  readonly runId: string
  readonly controller: AbortController
  ended: Promise<void>
}

export function createScheduler(parts: EngineParts): Scheduler {
  const { store, hub, now } = parts
  const waiting: string[] = []
  let active: ActiveRun | null = null
  let isClosed = false

  const startNext = (): void => {
    if (active !== null || isClosed) {
      return
    }
    const runId = waiting.shift()
    if (runId === undefined) {
      return
    }
    const controller = new AbortController()
    const run: ActiveRun = { runId, controller, ended: Promise.resolve() }
    active = run
    run.ended = runAttempt(parts, runId, controller.signal).finally(() => {
      active = null
      startNext()
    })
  }

  const end = (reason: StopReason): void => {
    active?.controller.abort(reason)
  }

  return {
    enqueue(runId) {
      if (!waiting.includes(runId) && active?.runId !== runId) {
        waiting.push(runId)
        startNext()
      }
    },
    async stop(runId) {
      if (active?.runId === runId) {
        const { ended } = active
        end({
          error: new EngineError('STOPPED', 'Stopped on request.'),
          ending: { status: 'stopped', outcome: 'stopped' },
        })
        await ended
        return
      }
      assertTransition(runId, store.runs.find(runId)?.status ?? 'stopped', 'stopped')
      const position = waiting.indexOf(runId)
      if (position >= 0) {
        waiting.splice(position, 1)
      }
      store.runs.update(runId, { status: 'stopped', endedAt: now() })
      hub.publishStatus(runId)
    },
    interrupt(runId, error) {
      if (active?.runId === runId) {
        end({ error, ending: { status: 'interrupted', outcome: 'crashed' } })
      }
    },
    runningIds: () => (active === null ? [] : [active.runId]),
    async close() {
      isClosed = true
      end({
        error: new EngineError('STOPPED', 'The engine was closed while this run was at work.'),
        ending: { status: 'interrupted', outcome: 'stopped' },
      })
      await active?.ended
    },
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
