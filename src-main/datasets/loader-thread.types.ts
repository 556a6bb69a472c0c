import type { ErrorInfo, RunConfig } from '../contract/index.ts'
import type { Batch } from './batch.ts'

/** What a loader thread is started with. */
export interface LoaderThreadData {
  readonly config: RunConfig
  readonly batch: number
  readonly seed: number
  readonly startIteration: number
}

export interface ToLoaderThread {
  /** The caller took one batch, so one more may be computed. */
  readonly kind: 'taken'
}

export type FromLoaderThread =
  | { readonly kind: 'batch'; readonly iteration: number; readonly batch: Batch }
  /** Nothing follows this. */
  | { readonly kind: 'failed'; readonly error: ErrorInfo }
