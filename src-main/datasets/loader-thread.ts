import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import { toErrorInfo } from '../contract/index.ts'
import type { Batch } from './batch.ts'
import { computeBatch } from './batch-source.ts'
import type { FromLoaderThread, LoaderThreadData } from './loader-thread.types.ts'
import { openDataset } from './open-dataset.ts'
import { Allowance, PREFETCHED_BATCHES } from './prefetch.ts'

// Entry of the loader's thread: opens the data set, then computes batch after batch, a few ahead of those taken.
if (parentPort !== null) {
  await serveBatches(parentPort, workerData as LoaderThreadData)
}

async function serveBatches(port: MessagePort, data: LoaderThreadData): Promise<void> {
  const post = (message: FromLoaderThread, transfer: ArrayBuffer[] = []): void => {
    port.postMessage(message, transfer)
  }
  const allowance = new Allowance(PREFETCHED_BATCHES)
  port.on('message', () => {
    allowance.give()
  })
  try {
    const dataset = await openDataset(data.config.dataset, data.config.task, data.config.seed)
    const source = { config: data.config, dataset, batch: data.batch, seed: data.seed }
    for (let iteration = data.startIteration; ; iteration++) {
      await allowance.take()
      const batch = await computeBatch(source, iteration)
      post({ kind: 'batch', iteration, batch }, buffersOf(batch))
    }
  } catch (error) {
    post({ kind: 'failed', error: toErrorInfo(error) })
    port.close()
  }
}

/** The large arrays move to the other thread instead of being copied. */
function buffersOf(batch: Batch): ArrayBuffer[] {
  return arraysOf(batch).map((array) => array.buffer as ArrayBuffer)
}

function arraysOf(batch: Batch): readonly (Float32Array | Int32Array)[] {
  switch (batch.kind) {
    case 'pose':
      return [batch.input, batch.target, batch.weights]
    case 'segmentation':
      return [batch.input, batch.labels]
    case 'bottom-up-pose':
      return [batch.input, batch.coarse.heat, batch.coarse.mask, batch.fine.heat, batch.fine.mask]
    default:
      return batch satisfies never
  }
}
