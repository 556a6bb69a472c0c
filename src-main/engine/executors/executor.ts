import type { ComputeConfig, FromWorker, Job, JobResults, WorkerReady } from '../../contract/index.ts'

export type GpuChoice = number | 'none'

/** What a worker tells while a job runs. */
export type JobEvent = Exclude<
  FromWorker,
  { readonly kind: 'ready' | 'refused' | 'job-completed' | 'job-failed' | 'job-paused' }
>

export interface JobOptions {
  /** Jobs of one lane run one after another in one worker; different lanes run side by side. */
  readonly lane: string
  readonly threads: number
  /** Cores that the job takes while it runs; default: its threads. The executor never gives more than there are. */
  readonly cores?: number
  /** Somebody waits for its result: it runs at once, and what trains is paused meanwhile. */
  readonly isUrgent?: boolean
  readonly backend: ComputeConfig['backend']
  /** Which of several cards the worker sees, counted round; `none` hides them all. Default: what the engine itself sees. */
  readonly gpu?: GpuChoice
  /** Folder for the worker's output; null keeps only the tail in memory. */
  readonly logFolder: string | null
  readonly onEvent: (event: JobEvent) => void
  readonly onReady?: (facts: WorkerReady) => void
  /** Aborting asks the worker to end at a safe point; the job then rejects with code STOPPED. */
  readonly signal?: AbortSignal
}

/**
 * Runs jobs somewhere. Local children are one way, a queue for several machines another; the pipeline cannot tell.
 * A job rejects with the worker's EngineError, or with WORKER_DIED / OUT_OF_MEMORY when its process went away.
 */
export interface Executor {
  runJob<J extends Job>(job: J, options: JobOptions): Promise<JobResults[J['kind']]>
  /** Starts a worker, reads what it says about itself, and ends it. */
  probe(backend: ComputeConfig['backend']): Promise<WorkerReady>
  /** Ends the workers of these lanes once their jobs are done, so that their memory is free. */
  release(lanes: readonly string[]): Promise<void>
  close(): Promise<void>
}
