import { computeBatch } from './batch-source.ts'
import type { BatchSourceOptions } from './batch-source.ts'

export interface ReadingClock {
  /** Milliseconds on a monotonic clock. */
  now(): number
  /** Milliseconds of processor time that all threads of the process have used. */
  cpu(): number
}

export interface ReadingCost {
  readonly images: number
  /** Of the first time that these images are read: drawn or decoded, warped, labelled. */
  readonly firstMilliseconds: number
  /** Of the second time, when what fits is kept in memory. */
  readonly againMilliseconds: number
}

/** The first batch compiles code and opens the decoder's threads. */
const WARM_UP_BATCHES = 1

/**
 * Processor time of training batches, on the caller's thread (decoding uses libuv's threads, which the time includes). Nothing else
 * of the process should compute meanwhile.
 *
 * @param seconds - The first reading ends after so much time, but not before one batch, and not after a pass over the data.
 * @throws EngineError DATASET if a picture cannot be read.
 */
export async function measureReading(
  source: BatchSourceOptions,
  seconds: number,
  clock: ReadingClock,
): Promise<ReadingCost> {
  const most = Math.max(1, Math.floor(source.dataset.splits.train.length / source.batch) - WARM_UP_BATCHES)
  for (let iteration = 0; iteration < WARM_UP_BATCHES; iteration++) {
    await computeBatch(source, iteration)
  }
  const started = clock.now()
  const before = clock.cpu()
  let batches = 0
  while (batches === 0 || (batches < most && clock.now() - started < seconds * 1000)) {
    await computeBatch(source, WARM_UP_BATCHES + batches)
    batches += 1
  }
  const between = clock.cpu()
  for (let batch = 0; batch < batches; batch++) {
    await computeBatch(source, WARM_UP_BATCHES + batch)
  }
  return {
    images: batches * source.batch,
    firstMilliseconds: between - before,
    againMilliseconds: clock.cpu() - between,
  }
}
