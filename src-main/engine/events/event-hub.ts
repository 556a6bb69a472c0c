import type { LogLevel, MetricPoint, PanelPoint, RunEvent, RunEventBody } from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import type { EventsQuery } from '../services/engine-services.ts'
import { hydrateEvent } from './hydrate-event.ts'
import { createWakeUp } from './wake-up.ts'

/** Ten a second per run: more is not seen by anyone and starves the page. */
const FLUSH_MS = 100
/** After a write that failed. */
const RETRY_MS = 1000
const PAGE_SIZE = 200
/** What a list of all runs needs. */
const OVERVIEW_KINDS = ['status-changed', 'progressed']

export interface ProgressUpdate {
  readonly progress: number
  readonly secondsLeft: number | null
  readonly note: string
}

/** Bodies that are written at once, after what was waiting. */
export type ImmediateEvent = Exclude<
  RunEventBody,
  { readonly kind: 'progressed' | 'metrics-recorded' | 'candidates-changed' | 'logged' | 'status-changed' }
>

/** Writes what happens to the database and tells subscribers; frequent things of a run wait for each other and go together. */
export interface EventHub {
  publish(runId: string, body: ImmediateEvent): void
  /** The status as it is stored now. */
  publishStatus(runId: string): void
  addProgress(runId: string, update: ProgressUpdate): void
  addMetrics(runId: string, points: readonly MetricPoint[]): void
  addPanel(runId: string, point: PanelPoint): void
  addCandidates(runId: string, numbers: readonly number[]): void
  addLog(runId: string, level: LogLevel, message: string): void
  flush(runId: string): void
  /** Throws away what waits; for a run that is being deleted. */
  forget(runId: string): void
  subscribe(query: EventsQuery): AsyncIterable<RunEvent>
  close(): void
}

interface Pending {
  progress: ProgressUpdate | null
  points: MetricPoint[]
  readonly candidates: Set<number>
  logs: { readonly at: number; readonly level: LogLevel; readonly message: string }[]
  timer: NodeJS.Timeout | undefined
}

export interface EventHubOptions {
  readonly now?: () => number
  /** What waited could not be written (a full disk); it is kept and tried again, and the run should end. */
  readonly onWriteError: (runId: string, thrown: unknown) => void
}

export function createEventHub(store: Store, { now = Date.now, onWriteError }: EventHubOptions): EventHub {
  const pending = new Map<string, Pending>()
  const wakeUp = createWakeUp()

  const flush = (runId: string): void => {
    const waiting = pending.get(runId)
    if (waiting === undefined) {
      return
    }
    store.transaction(() => {
      writePending(store, runId, waiting, now())
    })
    pending.delete(runId)
    clearTimeout(waiting.timer)
    wakeUp.notify()
  }

  const flushLater = (runId: string): void => {
    try {
      flush(runId)
    } catch (thrown) {
      onWriteError(runId, thrown)
      const waiting = pending.get(runId)
      if (waiting !== undefined) {
        waiting.timer = setTimeout(() => {
          flushLater(runId)
        }, RETRY_MS)
      }
    }
  }

  const waitingOf = (runId: string): Pending => {
    const waiting = pending.get(runId) ?? {
      progress: null,
      points: [],
      candidates: new Set<number>(),
      logs: [],
      timer: setTimeout(() => {
        flushLater(runId)
      }, FLUSH_MS),
    }
    pending.set(runId, waiting)
    return waiting
  }

  const publish = (runId: string, body: RunEventBody): void => {
    flush(runId)
    const { kind, ...rest } = body
    store.events.insert(runId, now(), kind, rest)
    wakeUp.notify()
  }

  return {
    publish,
    publishStatus(runId) {
      flush(runId)
      const summary = store.runs.summary(runId)
      if (summary !== null) {
        publish(runId, { kind: 'status-changed', status: summary.status, phase: summary.phase, summary })
      }
    },
    addProgress(runId, update) {
      waitingOf(runId).progress = update
    },
    addMetrics(runId, points) {
      waitingOf(runId).points.push(...points)
    },
    addPanel(runId, point) {
      store.metrics.insertPanel(runId, point)
      publish(runId, { kind: 'panel-evaluated', point })
    },
    addCandidates(runId, numbers) {
      const { candidates } = waitingOf(runId)
      numbers.forEach((number) => candidates.add(number))
    },
    addLog(runId, level, message) {
      waitingOf(runId).logs.push({ at: now(), level, message })
    },
    flush,
    forget(runId) {
      clearTimeout(pending.get(runId)?.timer)
      pending.delete(runId)
    },
    subscribe: (query) => readEvents(store, query, wakeUp),
    close() {
      try {
        ;[...pending.keys()].forEach(flush)
      } finally {
        pending.forEach((waiting) => clearTimeout(waiting.timer))
        wakeUp.close()
      }
    },
  }
}

/** One event per kind and curve; the rows of curves and candidates are in their own tables. */
function writePending(store: Store, runId: string, waiting: Pending, at: number): void {
  for (const { at: loggedAt, level, message } of waiting.logs) {
    store.events.insert(runId, loggedAt, 'logged', { level, message })
  }
  store.metrics.insert(runId, waiting.points)
  for (const curve of Map.groupBy(
    waiting.points,
    (point) => `${point.phase}/${String(point.attempt)}`,
  ).values()) {
    const [first] = curve
    if (first !== undefined) {
      const iterations = curve.map((point) => point.iteration)
      const range = { from: Math.min(...iterations), to: Math.max(...iterations) }
      store.events.insert(runId, at, 'metrics-recorded', {
        ...range,
        phase: first.phase,
        attempt: first.attempt,
      })
    }
  }
  if (waiting.candidates.size > 0) {
    const numbers = [...waiting.candidates].toSorted((a, b) => a - b)
    store.events.insert(runId, at, 'candidates-changed', { numbers })
  }
  if (waiting.progress !== null) {
    const { progress, secondsLeft, note } = waiting.progress
    store.runs.update(runId, { progress, secondsLeft })
    store.events.insertReplacing(runId, at, 'progressed', { summary: store.runs.summary(runId), note })
  }
}

/** Reads from the database after the last one seen, then waits: a slow client costs no memory, and replay and live are one path. */
async function* readEvents(
  store: Store,
  query: EventsQuery,
  wakeUp: ReturnType<typeof createWakeUp>,
): AsyncGenerator<RunEvent> {
  let afterSeq = query.afterSeq ?? store.events.lastSeq()
  const kinds = query.runId === null ? OVERVIEW_KINDS : null
  while (!query.signal.aborted && !wakeUp.isClosed()) {
    const woken = wakeUp.wait(query.signal)
    const page = store.events.page({ runId: query.runId, kinds, afterSeq, limit: PAGE_SIZE })
    for (const stored of page) {
      afterSeq = stored.seq
      const event = hydrateEvent(store, stored)
      if (event !== null) {
        yield event
      }
    }
    if (page.length < PAGE_SIZE) {
      await woken
    }
  }
}
