import { EngineError } from '../../contract/index.ts'

/** Who asks for cores. */
export interface CoreRequest {
  /** Fractions are allowed; more than the machine has counts as all of it, so what somebody insists on runs alone. */
  readonly cores: number
  /** Somebody waits for the answer: it goes before what trains, which is paused for it. */
  readonly isUrgent: boolean
  /** Resolves when the job has come to rest, or has ended. */
  readonly pause: () => Promise<void>
  readonly resume: () => void
  readonly signal?: AbortSignal | undefined
}

export interface CoreLedgerOptions {
  readonly cores: number
  /** What waits gets its turn after the others have had theirs for so long. */
  readonly sliceMs?: number
  readonly now?: () => number
}

/** Long enough that filling caches anew is no matter, short enough that nobody thinks that nothing happens. */
const SLICE_MS = 20_000
/** Sums of fractions are not exact. */
const ROUNDING = 1e-6

type SeatState = 'waiting' | 'running' | 'pausing' | 'paused' | 'left'

interface Seat {
  readonly request: CoreRequest
  readonly cores: number
  readonly grant: () => void
  state: SeatState
  since: number
}

/**
 * The cores of this machine, given to the jobs of one engine so that together they never take more than there are. Who comes first is
 * served first; urgent requests pause what runs, others take turns with it.
 */
export class CoreLedger {
  readonly #cores: number
  readonly #sliceMs: number
  readonly #now: () => number
  /** Who has cores. */
  readonly #seated = new Set<Seat>()
  /** In the order in which they are served, urgent ones apart. */
  #queue: Seat[] = []
  #timer: NodeJS.Timeout | undefined
  readonly #closing = new AbortController()

  constructor({ cores, sliceMs = SLICE_MS, now = () => performance.now() }: CoreLedgerOptions) {
    this.#cores = cores
    this.#sliceMs = sliceMs
    this.#now = now
  }

  /** Cores in use, those of jobs that are coming to rest included. */
  get used(): number {
    return [...this.#seated].reduce((sum, { cores }) => sum + cores, 0)
  }

  /**
   * Waits for the cores and gives the function that hands them back.
   * @throws EngineError STOPPED when the signal aborts, or the ledger closes, before there are any.
   */
  async enter(request: CoreRequest): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const seat: Seat = {
      ...{ request, state: 'waiting', since: this.#now() },
      cores: Math.min(request.cores, this.#cores),
      grant: () => {
        resolve(undefined)
      },
    }
    const stop = AbortSignal.any([this.#closing.signal, ...(request.signal ? [request.signal] : [])])
    const giveUp = (): void => {
      if (seat.state === 'waiting') {
        this.#leave(seat)
        reject(new EngineError('STOPPED', 'Stopped before the job began.'))
      }
    }
    stop.addEventListener('abort', giveUp)
    this.#queue.push(seat)
    if (stop.aborted) {
      giveUp()
    } else {
      this.#schedule()
    }
    try {
      await promise
    } finally {
      stop.removeEventListener('abort', giveUp)
    }
    return () => {
      this.#leave(seat)
    }
  }

  /** Whoever still waits is told to stop. */
  close(): void {
    clearTimeout(this.#timer)
    this.#closing.abort()
  }

  #leave(seat: Seat): void {
    if (seat.state !== 'left') {
      seat.state = 'left'
      this.#seated.delete(seat)
      this.#queue = this.#queue.filter((other) => other !== seat)
      this.#schedule()
    }
  }

  /** Serves the queue as far as cores are free; what is at its head may then take cores from others. */
  #schedule(): void {
    clearTimeout(this.#timer)
    if (this.#closing.signal.aborted) {
      return
    }
    for (;;) {
      const head = this.#head()
      if (head === undefined) {
        return
      }
      if (head.cores > this.#cores - this.used + ROUNDING) {
        this.#makeRoom(head)
        return
      }
      this.#seat(head)
    }
  }

  #head(): Seat | undefined {
    return this.#queue.find(({ request }) => request.isUrgent) ?? this.#queue[0]
  }

  #seat(seat: Seat): void {
    const wasPaused = seat.state === 'paused'
    this.#queue = this.#queue.filter((other) => other !== seat)
    this.#seated.add(seat)
    seat.state = 'running'
    seat.since = this.#now()
    if (wasPaused) {
      seat.request.resume()
    } else {
      seat.grant()
    }
  }

  #makeRoom(head: Seat): void {
    const holders = [...this.#seated]
    const missing = (): number =>
      head.cores -
      (this.#cores - this.used) -
      holders.filter(({ state }) => state === 'pausing').reduce((sum, { cores }) => sum + cores, 0)
    const candidates = holders.filter(({ state, request }) => state === 'running' && !request.isUrgent)
    let nextTurn = Number.POSITIVE_INFINITY
    for (const seat of candidates.toSorted((a, b) => a.since - b.since)) {
      if (missing() <= ROUNDING) {
        return
      }
      const rest = head.request.isUrgent ? 0 : seat.since + this.#sliceMs - this.#now()
      if (rest > 0) {
        nextTurn = Math.min(nextTurn, rest)
      } else {
        void this.#pause(seat)
      }
    }
    if (missing() > ROUNDING && Number.isFinite(nextTurn)) {
      this.#timer = setTimeout(() => {
        this.#schedule()
      }, nextTurn)
      this.#timer.unref()
    }
  }

  async #pause(seat: Seat): Promise<void> {
    seat.state = 'pausing'
    await seat.request.pause()
    // It may have ended while it came to rest; then it has left already, or leaves at once.
    if (this.#seated.has(seat)) {
      seat.state = 'paused'
      this.#seated.delete(seat)
      this.#queue.push(seat)
      this.#schedule()
    }
  }
}
