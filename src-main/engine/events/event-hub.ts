import type { LogLevel, MetricPoint, PanelPoint, RunEvent, RunEventBody } from '../../contract/index.ts'
import { canHeal } from '../../store/storage-error.ts'
import type { Store } from '../../store/store.ts'
import type { EventsQuery } from '../services/engine-services.ts'
import { readEvents } from './read-events.ts'
import { WakeUp } from './wake-up.ts'

/** Ten a second per run: more is not seen by anyone and starves the page. */
const FLUSH_MS = 100
/** After a write that failed. */
const RETRY_MS = 1000

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

export interface EventHubOptions {
  readonly now?: () => number
  /** What waited could not be written, and the run should end. On a full disk it is kept and tried again. */
  readonly onWriteError: (runId: string, thrown: unknown) => void
}

/** What waits to be written together. */
interface Pending {
  progress: ProgressUpdate | null
  readonly points: MetricPoint[]
  readonly candidates: Set<number>
  readonly logs: { readonly at: number; readonly level: LogLevel; readonly message: string }[]
  timer: NodeJS.Timeout | undefined
}

/** Writes what happens to the database and tells subscribers; frequent things of a run wait for each other and go together. */
export class EventHub {
  readonly #store: Store
  readonly #now: () => number
  readonly #onWriteError: EventHubOptions['onWriteError']
  readonly #pending = new Map<string, Pending>()
  readonly #wakeUp = new WakeUp()

  constructor(store: Store, { now = Date.now, onWriteError }: EventHubOptions) {
    this.#store = store
    this.#now = now
    this.#onWriteError = onWriteError
  }

  publish(runId: string, body: ImmediateEvent): void {
    this.#write(runId, body)
  }

  /** The status as it is stored now. */
  publishStatus(runId: string): void {
    this.flush(runId)
    const summary = this.#store.runs.summary(runId)
    if (summary !== null) {
      this.#write(runId, { kind: 'status-changed', status: summary.status, phase: summary.phase, summary })
    }
  }

  addProgress(runId: string, update: ProgressUpdate): void {
    this.#waitingOf(runId).progress = update
  }

  addMetrics(runId: string, points: readonly MetricPoint[]): void {
    this.#waitingOf(runId).points.push(...points)
  }

  addPanel(runId: string, point: PanelPoint): void {
    this.#store.metrics.insertPanel(runId, point)
    this.#write(runId, { kind: 'panel-evaluated', point })
  }

  addCandidates(runId: string, numbers: readonly number[]): void {
    const { candidates } = this.#waitingOf(runId)
    numbers.forEach((number) => candidates.add(number))
  }

  addLog(runId: string, level: LogLevel, message: string): void {
    this.#waitingOf(runId).logs.push({ at: this.#now(), level, message })
  }

  /** For who reads the tables: as {@link flush}, but on a full disk what is stored can still be read. */
  flushForReader(runId: string): void {
    try {
      this.flush(runId)
    } catch (thrown) {
      // The timer tries again and reports it.
      if (!canHeal(thrown)) {
        throw thrown
      }
    }
  }

  /** Writes what waits. @throws what the database says; nothing is lost then. */
  flush(runId: string): void {
    const waiting = this.#pending.get(runId)
    if (waiting === undefined) {
      return
    }
    this.#store.transaction(() => writePending(this.#store, runId, waiting, this.#now()))
    this.#pending.delete(runId)
    clearTimeout(waiting.timer)
    this.#wakeUp.notify()
  }

  /** Throws away what waits; for a run that is being deleted. */
  forget(runId: string): void {
    clearTimeout(this.#pending.get(runId)?.timer)
    this.#pending.delete(runId)
  }

  subscribe(query: EventsQuery): AsyncIterable<RunEvent> {
    return readEvents(this.#store, query, this.#wakeUp)
  }

  /** Ends all subscriptions. What cannot be written now, on a full disk, is given up. */
  close(): void {
    for (const runId of this.#pending.keys()) {
      try {
        this.flush(runId)
      } catch (thrown) {
        process.stderr.write(`run ${runId}: its last events cannot be stored: ${String(thrown)}\n`)
      }
    }
    this.#pending.forEach((waiting) => clearTimeout(waiting.timer))
    this.#wakeUp.close()
  }

  #write(runId: string, body: RunEventBody): void {
    this.flush(runId)
    const { kind, ...rest } = body
    this.#store.events.insert(runId, this.#now(), kind, rest)
    this.#wakeUp.notify()
  }

  #waitingOf(runId: string): Pending {
    const waiting = this.#pending.get(runId) ?? {
      progress: null,
      points: [],
      candidates: new Set<number>(),
      logs: [],
      timer: setTimeout(() => this.#flushLater(runId), FLUSH_MS),
    }
    this.#pending.set(runId, waiting)
    return waiting
  }

  #flushLater(runId: string): void {
    try {
      this.flush(runId)
    } catch (thrown) {
      this.#onWriteError(runId, thrown)
      const waiting = this.#pending.get(runId)
      if (waiting !== undefined && canHeal(thrown)) {
        waiting.timer = setTimeout(() => this.#flushLater(runId), RETRY_MS)
      }
    }
  }
}

/** One event per kind and curve; the rows of curves and candidates are in their own tables. */
function writePending(store: Store, runId: string, waiting: Pending, at: number): void {
  for (const { at: loggedAt, level, message } of waiting.logs) {
    store.events.insert(runId, loggedAt, 'logged', { level, message })
  }
  store.metrics.insert(runId, waiting.points)
  const curves = Map.groupBy(waiting.points, ({ phase, attempt }) => `${phase}/${String(attempt)}`)
  for (const curve of curves.values()) {
    const [first] = curve
    if (first !== undefined) {
      const iterations = curve.map((point) => point.iteration)
      const range = { from: Math.min(...iterations), to: Math.max(...iterations) }
      const { phase, attempt } = first
      store.events.insert(runId, at, 'metrics-recorded', { ...range, phase, attempt })
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
