import { availableParallelism } from 'node:os'
import type { RunConfig } from '../../contract/index.ts'

/** One process with many threads lags (compute.md 2); more than this brings nothing. */
const MOST_TRAIN_THREADS = 8
/** Each search worker holds a TensorFlow context of about 340 MB. */
const MOST_SEARCH_WORKERS = 4

/** The thread that reads and augments the batches of a training. */
const LOADER_THREADS = 1

/** Threads inside one training operation. With the loader's they are never more than the cores, unless the configuration asks for it. */
export function countTrainThreads(config: RunConfig, cores: number = availableParallelism()): number {
  const { trainThreads } = config.compute
  return trainThreads === 0 ? Math.max(1, Math.min(cores - LOADER_THREADS, MOST_TRAIN_THREADS)) : trainThreads
}

export function countSearchWorkers(config: RunConfig, cores: number = availableParallelism()): number {
  return config.search.workers === 0 ? Math.min(cores, MOST_SEARCH_WORKERS) : config.search.workers
}
