import type { ComputeShares, RunConfig, SearchFigure } from '../../contract/index.ts'
import { chooseLoaderThreads } from '../../datasets/thread-loader.ts'

/** One process with many threads lags (compute.md 2); more than this brings nothing. */
export const MOST_TRAIN_THREADS = 8
/** Each search worker holds a TensorFlow context of about 340 MB. */
export const MOST_SEARCH_WORKERS = 4

/** Values of a configuration that are obeyed as they are; 0 = to be chosen. */
export function wishedShares({ compute, search }: RunConfig): ComputeShares {
  return {
    trainThreads: compute.trainThreads,
    loaderThreads: compute.loaderThreads ?? 0,
    searchWorkers: search.workers,
    searchThreads: search.threads ?? 0,
  }
}

/**
 * The shares of a machine that nobody measured: a training that leaves room to its loader, search workers of one thread.
 *
 * @param cores - At least 1. On one core the training thread reads its batches itself.
 */
export function shareByFormula(config: RunConfig, cores: number): ComputeShares {
  const wished = wishedShares(config)
  const isOneThreaded = !['auto', 'tensorflow'].includes(config.compute.backend)
  const most = isOneThreaded ? 1 : Math.max(1, Math.min(cores - 1, MOST_TRAIN_THREADS))
  const trainThreads = wished.trainThreads || most
  const loaderThreads =
    wished.loaderThreads || Math.max(0, Math.min(chooseLoaderThreads(cores), cores - trainThreads))
  const { workers, threads } = usualSearch(cores, wished)
  return { trainThreads, loaderThreads, searchWorkers: workers, searchThreads: threads }
}

/** @param wished - 0 = to be chosen. */
export function usualSearch(
  cores: number,
  { searchWorkers, searchThreads }: Pick<ComputeShares, 'searchWorkers' | 'searchThreads'>,
): Pick<SearchFigure, 'workers' | 'threads'> {
  const threads = searchThreads || 1
  const most = Math.max(1, Math.min(Math.floor(cores / threads), MOST_SEARCH_WORKERS))
  return { threads, workers: searchWorkers || most }
}

/** What a person should know before the machine gets slow; empty where everything fits. */
export function describeOversubscription(shares: ComputeShares, cores: number): readonly string[] {
  const { trainThreads, loaderThreads, searchWorkers, searchThreads } = shares
  const machine = `this machine has ${String(cores)} ${cores === 1 ? 'core' : 'cores'}`
  const training = trainThreads + loaderThreads
  const search = searchWorkers * searchThreads
  return [
    ...(training > cores
      ? [
          `Training takes ${String(trainThreads)} + ${String(loaderThreads)} threads (compute.trainThreads and compute.loaderThreads), ${machine}: it will be slower than with fewer.`,
        ]
      : []),
    ...(search > cores
      ? [
          `The search takes ${String(searchWorkers)} workers × ${String(searchThreads)} threads (search.workers and search.threads), ${machine}: it will be slower than with fewer.`,
        ]
      : []),
  ]
}
