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
  const thread = new Worker(threadUrl, { workerData, name: 'batch loader' })
  const ready: Batch[] = []
  const waiting: Waiter[] = []
  let failure: EngineError | null = null

  const fail = (error: EngineError): void => {
    failure ??= error
    for (const { reject } of waiting.splice(0)) {
      reject(failure)
    }
  }
  const send = (message: ToLoaderThread): void => {
    thread.postMessage(message)
  }
  thread.on('message', (message: FromLoaderThread) => {
    if (message.kind === 'failed') {
      fail(fromErrorInfo(message.error))
      return
    }
    const waiter = waiting.shift()
    if (waiter === undefined) {
      ready.push(message.batch)
    } else {
      waiter.resolve(message.batch)
      send({ kind: 'taken' })
    }
  })
  thread.on('error', (error) => {
    const reason = error instanceof Error ? error.message : String(error)
    fail(new EngineError('INTERNAL', `the batch loader's thread failed: ${reason}`))
  })
  thread.on('exit', (code) => {
    fail(new EngineError('INTERNAL', `the batch loader's thread ended with code ${String(code)}`))
  })

  return {
    next: () => {
      const batch = ready.shift()
      if (batch !== undefined) {
        send({ kind: 'taken' })
        return Promise.resolve(batch)
      }
      if (failure !== null) {
        return Promise.reject(failure)
      }
      return new Promise<Batch>((resolve, reject) => {
        waiting.push({ resolve, reject })
      })
    },
    close: async () => {
      ready.length = 0
      fail(new EngineError('CONFLICT', 'the batch loader is closed'))
      await thread.terminate()
    },
  }
}
