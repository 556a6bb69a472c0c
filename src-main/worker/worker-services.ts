import type { ChosenBackend } from '../compute/choose-backend.ts'
import { EngineError } from '../contract/index.ts'
import type { FromWorker, LogLevel } from '../contract/index.ts'

/** What the jobs of a worker share. */
export interface WorkerServices {
  readonly backend: ChosenBackend
  /** Where the entry of the loader thread lies; it differs between sources and build. */
  readonly loaderThreadUrl: URL
  readonly threads: number
}

/** How a job's batches are read: by so many threads, or by the caller's own for 0. */
export function loaderThreads(
  { loaderThreads: threads }: { readonly loaderThreads?: number },
  { loaderThreadUrl }: Pick<WorkerServices, 'loaderThreadUrl'>,
): { readonly threadUrl: URL | null; readonly threads?: number } {
  return threads === 0
    ? { threadUrl: null }
    : { threadUrl: loaderThreadUrl, ...(threads === undefined ? {} : { threads }) }
}

type JobEventBody =
  Extract<FromWorker, { readonly jobId: string }> extends infer E
    ? E extends { readonly jobId: string }
      ? Omit<E, 'jobId'>
      : never
    : never

/** One running job: how it speaks and how it learns that it should end. */
export interface JobContext {
  emit(event: JobEventBody): void
  log(level: LogLevel, message: string): void
  isStopping(): boolean
  /** Resolves at once unless the job was asked to pause; absent where nobody pauses. */
  whilePaused?(): Promise<void>
}

/** Lets messages and timers in, and rests here while the job is paused. */
export async function breathe(context?: Pick<JobContext, 'whilePaused'>): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  await context?.whilePaused?.()
}

/** As {@link breathe}, for work that has nothing to keep. @throws EngineError STOPPED when the job is to end. */
export async function breatheOrStop(
  context: Pick<JobContext, 'whilePaused' | 'isStopping'>,
  done?: number,
  of?: number,
): Promise<void> {
  await breathe(context)
  if (context.isStopping()) {
    throw new EngineError('STOPPED', `Stopped after scoring ${done ?? 0} of ${of ?? 0} images.`)
  }
}
