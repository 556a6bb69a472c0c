import type { RunConfig } from '../contract/index.ts'
import type { Batch } from './batch.ts'
import type { Dataset } from './dataset.ts'

/** Of `openBatchLoader` in batch-loader.ts. */
export interface BatchLoaderOptions {
  readonly config: RunConfig
  /** As opened by `openDataset(config.dataset, config.task, config.seed)`; loader threads take over its recipe. */
  readonly dataset: Dataset
  /** Where loader-thread.ts (or its built form) lies; null runs the same code on the caller's thread. */
  readonly threadUrl: URL | null
  readonly batch: number
  /** Threads that compute whole batches in turn; default by the cores, see `chooseLoaderThreads`. The batches do not depend on it. */
  readonly threads?: number
  /** The first batch that `next()` gives; default 0. Iteration k gives the same batch wherever the loader started. */
  readonly startIteration?: number
  /** Decides order and augmentation; default `config.seed`. */
  readonly seed?: number
}

/** Endless training batches, augmented if the task's configuration says so. */
export interface BatchLoader {
  /** @throws EngineError DATASET if a picture cannot be read, CONFLICT after `close()`. */
  next(): Promise<Batch>
  close(): Promise<void>
}
