import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import type { Forward } from '../tasks/task.ts'

/** The first passes of a network allocate and compile. */
const WARM_UP_PASSES = 2
/** Odd, so that the median is a pass; few, so that they stay cheap beside the score. */
const MEASURED_PASSES = 9

/**
 * Time of one forward pass, until its outputs are on the host: the median, which a neighbour that is busy for a moment does not move.
 *
 * @param input - What to run it on; stays owned by the caller.
 * @param now - Milliseconds on a monotonic clock.
 * @returns Milliseconds.
 */
export function measureLatency(kernels: Kernels, forward: Forward, input: Value, now: () => number): number {
  const times: number[] = []
  for (let pass = 0; pass < WARM_UP_PASSES + MEASURED_PASSES; pass++) {
    const started = now()
    const outputs = forward(input)
    try {
      // Devices answer before they are done; reading the outputs waits for it.
      for (const { handle } of outputs) {
        kernels.downloadSync(handle)
      }
    } finally {
      for (const { handle } of outputs) {
        kernels.release(handle)
      }
    }
    if (pass >= WARM_UP_PASSES) {
      times.push(now() - started)
    }
  }
  return times.toSorted((a, b) => a - b)[(MEASURED_PASSES - 1) / 2] ?? Number.NaN
}

/** The first image of a batch N, H, W, 3 as a batch of one; the caller releases it. */
export function firstImage(kernels: Kernels, { handle, shape }: Value): Value {
  const [count = 1, ...size] = shape
  const values = kernels.downloadSync(handle)
  const one = [1, ...size]
  return { handle: kernels.upload(values.slice(0, values.length / count), one), shape: one }
}
