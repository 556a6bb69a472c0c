import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type { ComputeConfig, Job, JobResults, WorkerReady } from '../../contract/index.ts'
import { CoreLedger } from './core-ledger.ts'
import type { Executor, GpuChoice, JobOptions } from './executor.ts'
import { gpuEnvironment } from './gpu-environment.ts'
import { findWorkerNode, workerEnvironment } from './node-runtime.ts'
import { WORKER_TIMINGS, WorkerProcess } from './worker-process.ts'
import type { WorkerTimings } from './worker-process.ts'

export interface LocalExecutorOptions {
  readonly workerEntry: URL
  readonly timings?: WorkerTimings
  /** Whenever a worker has opened its backend. */
  readonly onWorkerReady?: (facts: WorkerReady) => void
  /** An idle worker is kept this long: a preview after a preview, or a run after its preflight, starts at once. */
  readonly idleMs?: number
  /** What the jobs share; default: the machine's cores. */
  readonly cores?: number
  /** How long jobs that take turns compute at a stretch. */
  readonly sliceMs?: number
}

const IDLE_MS = 60_000

interface Lane {
  worker: WorkerProcess | null
  /** What the worker was started with; another wish needs another worker. */
  spec: string
  /** Ends when every job given to the lane so far has ended. */
  tail: Promise<void>
  idleTimer: NodeJS.Timeout | undefined
}

interface Launch {
  readonly backend: ComputeConfig['backend']
  readonly threads: number
  readonly logFile: string | null
  readonly gpu: GpuChoice | undefined
}

/** Jobs on child processes of this machine, one per lane. */
export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions
  readonly #lanes = new Map<string, Lane>()
  readonly #ledger: CoreLedger
  #isClosed = false

  constructor(options: LocalExecutorOptions) {
    this.#options = options
    const { cores = availableParallelism(), sliceMs } = options
    this.#ledger = new CoreLedger({ cores, ...(sliceMs === undefined ? {} : { sliceMs }) })
  }

  async runJob<J extends Job>(job: J, asked: JobOptions): Promise<JobResults[J['kind']]> {
    const lane = this.#laneOf(asked.lane)
    const before = lane.tail
    const { promise: after, resolve: done } = Promise.withResolvers<undefined>()
    lane.tail = after
    await before
    try {
      return await this.#runInLane(lane, job, asked)
    } finally {
      done(undefined)
    }
  }

  async probe(backend: ComputeConfig['backend']): Promise<WorkerReady> {
    // It computes for half a second and cannot rest, so nobody may take its core away.
    const leave = await this.#ledger.enter({
      ...{ cores: 1, isUrgent: true, pause: () => new Promise(() => undefined), resume: () => undefined },
    })
    const worker = this.#launch({ backend, threads: 1, logFile: null, gpu: undefined })
    try {
      const facts = await worker.ready
      this.#options.onWorkerReady?.(facts)
      return facts
    } finally {
      await worker.shutDown()
      leave()
    }
  }

  async release(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        const lane = this.#lanes.get(name)
        if (lane !== undefined) {
          await lane.tail
          await retire(lane)
        }
      }),
    )
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#ledger.close()
    // Runs were stopped before; what is still computed now (a preview) is wanted by nobody.
    await Promise.all(
      [...this.#lanes.values()].map(async (lane) => {
        clearTimeout(lane.idleTimer)
        lane.worker?.kill()
        await lane.worker?.exited
      }),
    )
  }

  async #runInLane<J extends Job>(lane: Lane, job: J, asked: JobOptions): Promise<JobResults[J['kind']]> {
    if (this.#isClosed || asked.signal?.aborted === true) {
      throw new EngineError('STOPPED', 'Stopped before the job began.')
    }
    const started = Promise.withResolvers<WorkerProcess>()
    const leave = await this.#ledger.enter({
      cores: asked.cores ?? asked.threads,
      isUrgent: asked.isUrgent === true,
      signal: asked.signal,
      pause: async () => (await started.promise).pause(),
      resume: () => void started.promise.then((worker) => worker.resume()),
    })
    try {
      const worker = await this.#workerOf(lane, asked)
      started.resolve(worker)
      return await this.#runOn(worker, lane, job, asked)
    } finally {
      leave()
    }
  }

  async #runOn<J extends Job>(
    worker: WorkerProcess,
    lane: Lane,
    job: J,
    asked: JobOptions,
  ): Promise<JobResults[J['kind']]> {
    worker.ready.then(
      (facts) => {
        this.#options.onWorkerReady?.(facts)
        asked.onReady?.(facts)
      },
      // A worker that never gets ready is reported by the job itself.
      () => undefined,
    )
    try {
      return await worker.run(job, asked.onEvent, asked.signal)
    } finally {
      lane.idleTimer = setTimeout(() => void retire(lane), this.#options.idleMs ?? IDLE_MS)
      lane.idleTimer.unref()
    }
  }

  async #workerOf(
    lane: Lane,
    { backend, threads, lane: name, logFolder, gpu }: JobOptions,
  ): Promise<WorkerProcess> {
    clearTimeout(lane.idleTimer)
    const spec = `${backend}/${String(threads)}/${String(gpu ?? '')}`
    if (lane.worker?.isAlive === true && lane.spec !== spec) {
      await lane.worker.shutDown()
    }
    const logFile = logFolder === null ? null : join(logFolder, `worker-${name}.log`)
    if (lane.worker?.isAlive !== true) {
      lane.spec = spec
      lane.worker = this.#launch({ backend, threads, logFile, gpu })
    }
    lane.worker.setLogFile(logFile)
    return lane.worker
  }

  #launch({ backend, threads, logFile, gpu }: Launch): WorkerProcess {
    return new WorkerProcess({
      entry: this.#options.workerEntry,
      node: findWorkerNode(),
      env: { ...workerEnvironment(threads, backend), ...gpuEnvironment(gpu) },
      logFile,
      timings: this.#options.timings ?? WORKER_TIMINGS,
    })
  }

  #laneOf(name: string): Lane {
    const lane = this.#lanes.get(name) ?? {
      worker: null,
      spec: '',
      tail: Promise.resolve(),
      idleTimer: undefined,
    }
    this.#lanes.set(name, lane)
    return lane
  }
}

async function retire(lane: Lane): Promise<void> {
  clearTimeout(lane.idleTimer)
  const { worker } = lane
  lane.worker = null
  if (worker?.isAlive === true) {
    await worker.shutDown()
  }
}
