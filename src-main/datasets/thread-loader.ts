import { Worker } from 'node:worker_threads'
import { EngineError, fromErrorInfo } from '../contract/index.ts'
import type { BatchLoader, BatchLoaderOptions } from './batch-loader.types.ts'
import type { Batch } from './batch.ts'
import type { FromLoaderThread, LoaderThreadData, ToLoaderThread } from './loader-thread.types.ts'

interface Waiter {
  readonly resolve: (batch: Batch) => void
  readonly reject: (error: EngineError) => void
}

/** Batches computed by loader-thread.ts in a thread that opens the data set itself. */
export function openThreadLoader(options: BatchLoaderOptions, threadUrl: URL): BatchLoader {
  const workerData: LoaderThreadData = {
    config: options.config,
    batch: options.batch,
    seed: options.seed ?? options.config.seed,
    startIteration: options.startIteration ?? 0,
  }
  return new ThreadLoader(new Worker(threadUrl, { workerData, name: 'batch loader' }))
}

class ThreadLoader implements BatchLoader {
  private readonly thread: Worker
  private readonly ready: Batch[] = []
  private readonly waiting: Waiter[] = []
  private failure: EngineError | null = null
  private isClosed = false

  constructor(thread: Worker) {
    this.thread = thread
    thread.on('message', (message: FromLoaderThread) => {
      this.receive(message)
    })
    thread.on('error', (error) => {
      const reason = error instanceof Error ? error.message : String(error)
      this.fail(new EngineError('INTERNAL', `the batch loader's thread failed: ${reason}`))
    })
    thread.on('exit', (code) => {
      this.fail(new EngineError('INTERNAL', `the batch loader's thread ended with code ${String(code)}`))
    })
  }

  next(): Promise<Batch> {
    const batch = this.ready.shift()
    if (batch !== undefined) {
      this.allowOneMore()
      return Promise.resolve(batch)
    }
    if (this.failure !== null) {
      return Promise.reject(this.failure)
    }
    return new Promise<Batch>((resolve, reject) => {
      this.waiting.push({ resolve, reject })
    })
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.ready.length = 0
    this.fail(new EngineError('CONFLICT', 'the batch loader is closed'))
    await this.thread.terminate()
  }

  private receive(message: FromLoaderThread): void {
    if (this.isClosed) {
      // Sent before the thread noticed; a closed loader gives nothing more.
      return
    }
    if (message.kind === 'failed') {
      this.fail(fromErrorInfo(message.error))
      return
    }
    const waiter = this.waiting.shift()
    if (waiter === undefined) {
      this.ready.push(message.batch)
    } else {
      waiter.resolve(message.batch)
      this.allowOneMore()
    }
  }

  /** The first reason stays; batches that were computed before it can still be taken. */
  private fail(error: EngineError): void {
    this.failure ??= error
    for (const { reject } of this.waiting.splice(0)) {
      reject(this.failure)
    }
  }

  private allowOneMore(): void {
    const message: ToLoaderThread = { kind: 'taken' }
    this.thread.postMessage(message)
  }
}
