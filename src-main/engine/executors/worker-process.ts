import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { EngineError, fromErrorInfo } from '../../contract/index.ts'
import type {
  BackendRefusal,
  FromWorker,
  Job,
  JobResults,
  ToWorker,
  WorkerReady,
  WorkerRefused,
} from '../../contract/index.ts'
import type { JobEvent } from './executor.ts'
import { toEngineError } from '../../store/storage-error.ts'
import { createOutputTail } from './output-tail.ts'
import type { OutputTail } from './output-tail.ts'
import { countMemoryKills, toDeathError } from './worker-death.ts'
import { WORKER_FLAGS } from './worker-flags.ts'
import { keepWorker } from './worker-keeper.ts'

export interface WorkerLaunch {
  readonly entry: URL
  readonly node: string
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string | null
  readonly timings: WorkerTimings
}

export interface WorkerTimings {
  /** Loading TensorFlow from a cold disk takes seconds, a first GPU context a minute. */
  readonly readyMs: number
  /** From the request to stop until the kill: a checkpoint of a large network takes seconds. */
  readonly stopMs: number
  /** How long the last output may trail behind the death. */
  readonly drainMs: number
}

export const WORKER_TIMINGS: WorkerTimings = { readyMs: 120_000, stopMs: 20_000, drainMs: 1000 }

/** Below the engine and the window, so that both stay fluid under full load. */
const WORKER_NICENESS = 5

interface RunningJob {
  readonly id: string
  readonly kind: Job['kind']
  readonly onEvent: (event: JobEvent) => void
  readonly resolve: (result: JobResults[Job['kind']]) => void
  readonly reject: (reason: EngineError) => void
  /** Asks the worker to end at a safe point, and kills it when it does not. */
  stop: () => void
  hasBeenAskedToStop: boolean
  /** What went wrong on this side (a full disk while storing a result); it outranks what the worker says afterwards. */
  failure: EngineError | null
}

/** One worker process: one job at a time, alive between jobs. */
export class WorkerProcess {
  readonly ready: Promise<WorkerReady>
  /** Never rejects; the reason of a death goes to the job. */
  readonly exited: Promise<void>
  readonly #child: ChildProcess
  readonly #tail: OutputTail
  readonly #timings: WorkerTimings
  readonly #memoryKillsBefore = countMemoryKills()
  #job: RunningJob | null = null
  #death: EngineError | null = null
  #lastJobKind: string | null = null
  #refusals: readonly BackendRefusal[] = []
  /** Asked to pause, told or not yet; resolved once the job rests or has ended. */
  #pause: PromiseWithResolvers<undefined> | null = null

  constructor(launch: WorkerLaunch) {
    this.#timings = launch.timings
    this.#tail = createOutputTail()
    this.#tail.setLogFile(launch.logFile)
    this.#child = fork(fileURLToPath(launch.entry), [], {
      execPath: launch.node,
      execArgv: [...WORKER_FLAGS],
      env: launch.env,
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    if (this.#child.stdout !== null && this.#child.stderr !== null) {
      this.#tail.attach(this.#child.stdout)
      this.#tail.attach(this.#child.stderr)
    }
    lowerPriority(this.#child.pid)
    const keeper = keepWorker(this.#child.pid)
    this.#child.once('exit', () => {
      keeper.release()
    })
    this.exited = this.#watchExit()
    this.ready = this.#awaitReady()
    // A worker that dies before anyone asks for it is reported by the job that wanted it.
    this.ready.catch(() => undefined)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get isAlive(): boolean {
    return this.#death === null
  }

  setLogFile(file: string | null): void {
    this.#tail.setLogFile(file)
  }

  async run<J extends Job>(
    job: J,
    onEvent: (event: JobEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<JobResults[J['kind']]> {
    const stopBeforeStart = (): void => {
      this.kill()
    }
    signal?.addEventListener('abort', stopBeforeStart)
    try {
      await this.ready
      this.#lastJobKind = job.kind
    } catch (thrown) {
      throw signal?.aborted === true ? stoppedError() : thrown
    } finally {
      signal?.removeEventListener('abort', stopBeforeStart)
    }
    if (signal?.aborted === true) {
      this.#endPause()
      throw stoppedError()
    }
    return this.#post(job, onEvent, signal)
  }

  /** Ends an idle worker; one that does not go by itself is killed. */
  async shutDown(): Promise<void> {
    this.#send({ kind: 'shut-down' })
    const timer = setTimeout(() => {
      this.kill()
    }, this.#timings.stopMs)
    await this.exited
    clearTimeout(timer)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Resolves when the job that runs, or is about to, rests between two steps or has ended. */
  async pause(): Promise<void> {
    this.#pause ??= Promise.withResolvers()
    const { promise } = this.#pause
    this.#tellPause()
    await promise
  }

  resume(): void {
    this.#endPause()
    if (this.#job !== null) {
      this.#send({ kind: 'resume-job', jobId: this.#job.id })
    }
  }

  #tellPause(): void {
    if (this.#job !== null && this.#pause !== null) {
      this.#send({ kind: 'pause-job', jobId: this.#job.id })
    }
  }

  #endPause(): void {
    this.#pause?.resolve(undefined)
    this.#pause = null
  }

  async #post<J extends Job>(
    job: J,
    onEvent: (event: JobEvent) => void,
    signal: AbortSignal | undefined,
  ): Promise<JobResults[J['kind']]> {
    const { promise, resolve, reject } = Promise.withResolvers<JobResults[Job['kind']]>()
    const running: RunningJob = {
      id: randomUUID(),
      kind: job.kind,
      onEvent,
      resolve,
      reject,
      stop: () => undefined,
      hasBeenAskedToStop: false,
      failure: null,
    }
    if (this.#death !== null) {
      throw this.#death
    }
    this.#job = running
    let killTimer: NodeJS.Timeout | undefined
    running.stop = (): void => {
      if (running.hasBeenAskedToStop) {
        return
      }
      running.hasBeenAskedToStop = true
      this.#send({ kind: 'stop-job', jobId: running.id })
      killTimer = setTimeout(() => {
        this.kill()
      }, this.#timings.stopMs)
    }
    signal?.addEventListener('abort', running.stop)
    try {
      this.#send({ kind: 'run-job', jobId: running.id, job })
      this.#tellPause()
      // The worker answers a job with the result of its kind; the protocol's union cannot say so per message.
      return (await promise) as JobResults[J['kind']]
    } finally {
      signal?.removeEventListener('abort', running.stop)
      clearTimeout(killTimer)
      this.#job = null
      this.#endPause()
    }
  }

  #awaitReady(): Promise<WorkerReady> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkerReady>()
    const timer = setTimeout(() => {
      this.#death ??= new EngineError(
        'WORKER_DIED',
        `The worker did not get ready within ${String(this.#timings.readyMs / 1000)} s.`,
        this.#tail.lines(),
      )
      this.kill()
    }, this.#timings.readyMs)
    this.#child.on('message', (message: unknown) => {
      if (!isWorkerMessage(message)) {
        return
      }
      if (message.kind === 'ready') {
        clearTimeout(timer)
        resolve(message)
        return
      }
      if (message.kind === 'refused') {
        this.#refusals = message.refusals
        return
      }
      this.#receive(message)
    })
    void this.exited.then(() => {
      clearTimeout(timer)
      reject(this.#death ?? new EngineError('WORKER_DIED', 'The worker ended before it was ready.'))
    })
    return promise
  }

  #receive(message: Exclude<FromWorker, WorkerReady | WorkerRefused>): void {
    const job = this.#job
    if (job === null || (message.jobId !== null && message.jobId !== job.id)) {
      return
    }
    if (message.kind === 'job-paused') {
      this.#pause?.resolve(undefined)
      return
    }
    if (message.kind === 'job-completed' && job.failure === null) {
      job.resolve(message.result)
    } else if (message.kind === 'job-completed' || message.kind === 'job-failed') {
      job.reject(
        job.failure ?? (message.kind === 'job-failed' ? fromErrorInfo(message.error) : stoppedError()),
      )
    } else {
      this.#handOn(job, message)
    }
  }

  #handOn(job: RunningJob, event: JobEvent): void {
    try {
      job.onEvent(event)
    } catch (thrown) {
      job.failure ??= toEngineError(thrown)
      job.stop()
    }
  }

  async #watchExit(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<{
      readonly exitCode: number | null
      readonly signal: NodeJS.Signals | null
    }>()
    this.#child.once('error', (error) => {
      this.#death ??= new EngineError('MISSING_PART', `The worker could not be started: ${error.message}`)
      if (this.#child.pid === undefined) {
        resolve({ exitCode: null, signal: null })
      }
    })
    this.#child.once('exit', (exitCode, signal) => {
      resolve({ exitCode, signal })
    })
    const closed = new Promise<void>((done) => {
      this.#child.once('close', () => {
        done()
      })
    })
    const { exitCode, signal } = await promise
    await Promise.race([closed, delay(this.#timings.drainMs)])
    this.#death ??= toDeathError({
      pid: this.#child.pid,
      exitCode,
      signal,
      tail: this.#tail.lines(),
      wasKilledForMemory: signal === 'SIGKILL' && countMemoryKills() > this.#memoryKillsBefore,
      jobKind: this.#job?.kind ?? this.#lastJobKind,
      refusals: this.#refusals,
    })
    this.#tail.setLogFile(null)
    const job = this.#job
    job?.reject(job.failure ?? (job.hasBeenAskedToStop ? stoppedError() : this.#death))
  }

  /** A message to a dead worker is no error of its own: the death is reported to the job. */
  #send(message: ToWorker): void {
    if (this.#child.connected) {
      this.#child.send(message, () => undefined)
    }
  }
}

function stoppedError(): EngineError {
  return new EngineError('STOPPED', 'Stopped on request.')
}

function isWorkerMessage(message: unknown): message is FromWorker {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    typeof message.kind === 'string' &&
    (message.kind === 'ready' || message.kind === 'refused' || 'jobId' in message)
  )
}

function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) {
    return
  }
  try {
    setPriority(pid, WORKER_NICENESS)
  } catch {
    // Gone already, or not allowed here: the work is the same at any priority.
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, milliseconds)
  })
}
