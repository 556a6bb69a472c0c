import type { BatchLoader, BatchLoaderOptions } from './batch-loader.types.ts'
import { computeBatch } from './batch-source.ts'
import { EngineError } from '../contract/index.ts'
import type { Batch } from './batch.ts'
import { openThreadLoader } from './thread-loader.ts'

export type { BatchLoader, BatchLoaderOptions } from './batch-loader.types.ts'

/** Opens the endless stream of training batches, in a thread of its own or, without a thread's URL, inline. */
export function openBatchLoader(options: BatchLoaderOptions): BatchLoader {
  return options.threadUrl === null ? openInlineLoader(options) : openThreadLoader(options, options.threadUrl)
}

function openInlineLoader(options: BatchLoaderOptions): BatchLoader {
  const source = { ...options, seed: options.seed ?? options.config.seed }
  let iteration = options.startIteration ?? 0
  let isClosed = false
  // One after another, so that two calls without waiting get iterations k and k + 1 in order.
  let last: Promise<unknown> = Promise.resolve()
  return {
    next: () => {
      if (isClosed) {
        return Promise.reject(new EngineError('CONFLICT', 'the batch loader is closed'))
      }
      const mine = iteration++
      const batch: Promise<Batch> = last.then(() => computeBatch(source, mine))
      last = batch.catch(() => undefined)
      return batch
    },
    close: async () => {
      isClosed = true
      await last
    },
  }
}
