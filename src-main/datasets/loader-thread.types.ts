import type { ErrorInfo, RunConfig } from '../contract/index.ts'
import type { Batch } from './batch.ts'
import type { DatasetRecipe } from './dataset.ts'
import type { PictureToScore, ScoredPicture, ScoredSize } from './scored-pictures.ts'

/** What a loader thread is started with. */
export interface LoaderThreadData {
  readonly kind: 'batches'
  readonly config: RunConfig
  readonly recipe: DatasetRecipe
  readonly batch: number
  readonly seed: number
  /** The thread computes iterations `startIteration`, `startIteration + stride`, … */
  readonly startIteration: number
  readonly stride: number
  /** Batches that it may compute ahead of those taken. */
  readonly ahead: number
  /** Bytes of decoded pictures that it keeps. */
  readonly cacheBytes: number
}

export interface ToLoaderThread {
  /** The caller took one batch of this thread, so one more may be computed. */
  readonly kind: 'taken'
}

export type FromLoaderThread =
  | { readonly kind: 'batch'; readonly iteration: number; readonly batch: Batch }
  /** Nothing of this thread follows. */
  | { readonly kind: 'failed'; readonly iteration: number; readonly error: ErrorInfo }

/** What a thread that decodes pictures to be scored is started with. */
export interface PictureThreadData {
  readonly kind: 'pictures'
  readonly recipe: DatasetRecipe
  readonly config: ScoredSize
}

export interface ToPictureThread {
  readonly id: number
  readonly picture: PictureToScore
}

export type FromPictureThread =
  | { readonly kind: 'picture'; readonly id: number; readonly picture: ScoredPicture }
  /** Of this picture; the thread goes on. */
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorInfo }
