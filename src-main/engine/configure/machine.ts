import { availableParallelism } from 'node:os'
import type { RunConfig } from '../../contract/index.ts'

/** One process with many threads lags (compute.md 2); more than this brings nothing. */
const MOST_TRAIN_THREADS = 8
/** Each search worker holds a TensorFlow context of about 340 MB. */
const MOST_SEARCH_WORKERS = 4

export function countTrainThreads(config: RunConfig, cores: number = availableParallelism()): number {
  return config.compute.trainThreads === 0 ? Math.min(cores, MOST_TRAIN_THREADS) : config.compute.trainThreads
}

export function countSearchWorkers(config: RunConfig, cores: number = availableParallelism()): number {
  return config.search.workers === 0 ? Math.min(cores, MOST_SEARCH_WORKERS) : config.search.workers
}
