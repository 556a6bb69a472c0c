import { sampleRandom, shuffledIndices } from './sample-random.ts'

/** Which samples make the batch of one iteration, and which draws belong to each. */
export interface BatchSlot {
  /** Index into the training split. */
  readonly sample: number
  readonly epoch: number
  /** 0, or counts on when a batch is larger than the split and repeats samples. */
  readonly repeat: number
}

/** Whole batches in one pass over `samples`; what is left over waits for the next shuffle (method.md 5.4). At least 1. */
export function iterationsPerEpoch(samples: number, batch: number): number {
  return Math.max(1, Math.floor(samples / batch))
}

/**
 * The batch of iteration k as a pure function of (seed, batch size, k): each epoch has its own shuffle.
 *
 * @throws RangeError for a split without samples, a batch below 1 or a negative iteration.
 */
export function planBatch(seed: number, samples: number, batch: number, iteration: number): BatchSlot[] {
  if (samples < 1 || batch < 1 || iteration < 0) {
    throw new RangeError(
      `planBatch: needs samples >= 1, batch >= 1, iteration >= 0; got ${[samples, batch, iteration].join(', ')}`,
    )
  }
  const perEpoch = iterationsPerEpoch(samples, batch)
  const epoch = Math.floor(iteration / perEpoch)
  const order = shuffledIndices(samples, sampleRandom('order', seed, epoch))
  const start = (iteration % perEpoch) * batch
  return Array.from({ length: batch }, (_, slot) => ({
    sample: order[(start + slot) % samples] ?? 0,
    epoch,
    repeat: Math.floor((start + slot) / samples),
  }))
}
