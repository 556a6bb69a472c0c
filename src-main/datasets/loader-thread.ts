import { parentPort, workerData, type MessagePort } from 'node:worker_threads'
import sharp from 'sharp'
import { toErrorInfo } from '../contract/index.ts'
import type { Batch } from './batch.ts'
import { computeBatch } from './batch-source.ts'
import type { FromLoaderThread, LoaderThreadData, PictureThreadData } from './loader-thread.types.ts'
import { openRecipe } from './open-dataset.ts'
import { Allowance } from './prefetch.ts'
import { servePictures } from './serve-pictures.ts'

// Entry of a loader's thread: takes over the checked data set, then computes its batches, a few ahead of those taken, or decodes
// the pictures that are asked for.
if (parentPort !== null) {
  // Pictures are small and several are decoded at once; splitting one over threads would only cost.
  sharp.concurrency(1)
  const data = workerData as LoaderThreadData | PictureThreadData
  if (data.kind === 'batches') {
    await serveBatches(parentPort, data)
  } else {
    servePictures(parentPort, data)
  }
}

async function serveBatches(port: MessagePort, data: LoaderThreadData): Promise<void> {
  const post = (message: FromLoaderThread, transfer: ArrayBuffer[] = []): void => {
    port.postMessage(message, transfer)
  }
  const allowance = new Allowance(data.ahead)
  port.on('message', () => {
    allowance.give()
  })
  let iteration = data.startIteration
  try {
    const dataset = openRecipe(data.recipe, data.cacheBytes)
    const source = { config: data.config, dataset, batch: data.batch, seed: data.seed }
    for (; ; iteration += data.stride) {
      await allowance.take()
      const batch = await computeBatch(source, iteration)
      post({ kind: 'batch', iteration, batch }, buffersOf(batch))
    }
  } catch (error) {
    post({ kind: 'failed', iteration, error: toErrorInfo(error) })
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
