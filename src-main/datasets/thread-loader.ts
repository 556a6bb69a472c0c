import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { EngineError, fromErrorInfo } from '../contract/index.ts'
import type { BatchLoader, BatchLoaderOptions } from './batch-loader.types.ts'
import type { Batch } from './batch.ts'
import { DEFAULT_CACHE_BYTES } from './byte-budget-cache.ts'
import type { FromLoaderThread, LoaderThreadData, ToLoaderThread } from './loader-thread.types.ts'
import { PREFETCHED_BATCHES } from './prefetch.ts'

/** Cores that training keeps for each thread that reads: one thread feeds more than that at the sizes of the presets. */
const CORES_PER_THREAD = 4
const MOST_THREADS = 4

/** One thread on up to seven cores, at most four. */
export function chooseLoaderThreads(cores: number = availableParallelism()): number {
  return Math.min(MOST_THREADS, Math.max(1, Math.floor(cores / CORES_PER_THREAD)))
}

interface Waiter {
  readonly resolve: (batch: Batch) => void
  readonly reject: (error: EngineError) => void
}

/**
 * Batches computed by loader-thread.ts: of N threads, thread i computes the iterations i, i + N, i + 2 N, … and the batches are handed
 * out in their order. A batch depends on its iteration alone, so the number of threads changes nothing but the pace.
 */
export function openThreadLoader(options: BatchLoaderOptions, threadUrl: URL): BatchLoader {
  const threads = options.threads ?? chooseLoaderThreads()
  const startIteration = options.startIteration ?? 0
  const shared = {
    kind: 'batches' as const,
    config: options.config,
    recipe: options.dataset.recipe,
    batch: options.batch,
    seed: options.seed ?? options.config.seed,
    stride: threads,
    ahead: Math.max(1, Math.ceil(PREFETCHED_BATCHES / threads)),
    cacheBytes: Math.floor(DEFAULT_CACHE_BYTES / threads),
  }
  const workers = Array.from({ length: threads }, (_, index) => {
    const workerData: LoaderThreadData = { ...shared, startIteration: startIteration + index }
    return new Worker(threadUrl, { workerData, name: `batch loader ${String(index + 1)}` })
  })
  return new ThreadLoader(workers, startIteration)
}

class ThreadLoader implements BatchLoader {
  private readonly threads: readonly Worker[]
  private readonly startIteration: number
  private nextIteration: number
  private readonly ready = new Map<number, Batch | EngineError>()
  private readonly waiting = new Map<number, Waiter>()
  private failure: EngineError | null = null
  private isClosed = false

  constructor(threads: readonly Worker[], startIteration: number) {
    this.threads = threads
    this.startIteration = startIteration
    this.nextIteration = startIteration
    for (const thread of threads) {
      this.listen(thread)
    }
  }

  next(): Promise<Batch> {
    if (this.failure !== null) {
      return Promise.reject(this.failure)
    }
    const iteration = this.nextIteration++
    const promise = new Promise<Batch>((resolve, reject) => {
      this.waiting.set(iteration, { resolve, reject })
    })
    this.deliver(iteration)
    return promise
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.ready.clear()
    this.fail(new EngineError('CONFLICT', 'the batch loader is closed'))
    await Promise.all(this.threads.map((thread) => thread.terminate()))
  }

  private listen(thread: Worker): void {
    let hasFailed = false
    thread.on('message', (message: FromLoaderThread) => {
      if (this.isClosed) {
        // Sent before the thread noticed; a closed loader gives nothing more.
        return
      }
      hasFailed ||= message.kind === 'failed'
      this.ready.set(
        message.iteration,
        message.kind === 'batch' ? message.batch : fromErrorInfo(message.error),
      )
      this.deliver(message.iteration)
    })
    thread.on('error', (error) => {
      const reason = error instanceof Error ? error.message : String(error)
      this.fail(new EngineError('INTERNAL', `the batch loader's thread failed: ${reason}`))
    })
    thread.on('exit', (code) => {
      // A thread that told its failure ends by itself; the failure is met when its iteration comes.
      if (!hasFailed) {
        this.fail(new EngineError('INTERNAL', `the batch loader's thread ended with code ${String(code)}`))
      }
    })
  }

  /** Hands out a result once both it and its waiter are there. */
  private deliver(iteration: number): void {
    const result = this.ready.get(iteration)
    const waiter = this.waiting.get(iteration)
    if (result === undefined || waiter === undefined) {
      return
    }
    this.ready.delete(iteration)
    this.waiting.delete(iteration)
    if (result instanceof EngineError) {
      waiter.reject(result)
      this.fail(result)
      return
    }
    waiter.resolve(result)
    const message: ToLoaderThread = { kind: 'taken' }
    this.threads[(iteration - this.startIteration) % this.threads.length]?.postMessage(message)
  }

  /** The first reason stays: nothing follows it. */
  private fail(error: EngineError): void {
    this.failure ??= error
    for (const [iteration, { reject }] of this.waiting) {
      this.waiting.delete(iteration)
      reject(this.failure)
    }
  }
}
