import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type { Job, JobResults, WorkerReady } from '../../contract/index.ts'
import type { Executor, JobOptions } from './executor.ts'
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

/** Jobs on child processes of this machine, one per lane. */
export function createLocalExecutor(options: LocalExecutorOptions): Executor {
  const lanes = new Map<string, Lane>()
  const idleMs = options.idleMs ?? IDLE_MS
  let isClosed = false

  const laneOf = (name: string): Lane => {
    const lane = lanes.get(name) ?? { worker: null, spec: '', tail: Promise.resolve(), idleTimer: undefined }
    lanes.set(name, lane)
    return lane
  }

  const workerOf = async (lane: Lane, job: JobOptions): Promise<WorkerProcess> => {
    clearTimeout(lane.idleTimer)
    const spec = `${job.backend}/${String(job.threads)}`
    if (lane.worker?.isAlive === true && lane.spec !== spec) {
      await lane.worker.shutDown()
    }
    const logFile = job.logFolder === null ? null : join(job.logFolder, `worker-${job.lane}.log`)
    if (lane.worker?.isAlive !== true) {
      lane.spec = spec
      lane.worker = new WorkerProcess({
        entry: options.workerEntry,
        node: findWorkerNode(),
        env: workerEnvironment(job.threads, job.backend),
        logFile,
        timings: options.timings ?? WORKER_TIMINGS,
      })
    }
    lane.worker.setLogFile(logFile)
    return lane.worker
  }

  const retire = async (lane: Lane): Promise<void> => {
    clearTimeout(lane.idleTimer)
    const { worker } = lane
    lane.worker = null
    if (worker?.isAlive === true) {
      await worker.shutDown()
    }
  }

  const runInLane = async <J extends Job>(
    lane: Lane,
    job: J,
    asked: JobOptions,
  ): Promise<JobResults[J['kind']]> => {
    if (isClosed || asked.signal?.aborted === true) {
      throw new EngineError('STOPPED', 'Stopped before the job began.')
    }
    const worker = await workerOf(lane, asked)
    try {
      // A worker that never gets ready is reported by the job itself.
      worker.ready.then(
        (facts) => {
          options.onWorkerReady?.(facts)
          asked.onReady?.(facts)
        },
        () => undefined,
      )
      return await worker.run(job, asked.onEvent, asked.signal)
    } finally {
      lane.idleTimer = setTimeout(() => {
        void retire(lane)
      }, idleMs)
      lane.idleTimer.unref()
    }
  }

  return {
    async runJob(job, asked) {
      const lane = laneOf(asked.lane)
      const before = lane.tail
      const { promise: after, resolve: done } = Promise.withResolvers<undefined>()
      lane.tail = after
      await before
      try {
        return await runInLane(lane, job, asked)
      } finally {
        done(undefined)
      }
    },
    async probe(backend) {
      const worker = new WorkerProcess({
        entry: options.workerEntry,
        node: findWorkerNode(),
        env: workerEnvironment(1, backend),
        logFile: null,
        timings: options.timings ?? WORKER_TIMINGS,
      })
      try {
        const facts = await worker.ready
        options.onWorkerReady?.(facts)
        return facts
      } finally {
        await worker.shutDown()
      }
    },
    async release(names) {
      await Promise.all(
        names.map(async (name) => {
          const lane = lanes.get(name)
          if (lane !== undefined) {
            await lane.tail
            await retire(lane)
          }
        }),
      )
    },
    async close() {
      isClosed = true
      // Runs were stopped before; what is still computed now (a preview) is wanted by nobody.
      await Promise.all(
        [...lanes.values()].map(async (lane) => {
          clearTimeout(lane.idleTimer)
          lane.worker?.kill()
          await lane.worker?.exited
        }),
      )
    },
  }
}
