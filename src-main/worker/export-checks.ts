import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import { createRandom } from '../nas/random.ts'
import type { Forward } from '../tasks/task.ts'

const BATCHES = [1, 2] as const

/**
 * Largest difference of two networks that should be one (method.md 8.1): random input and real images, batch 1 and 2.
 *
 * @param images - A batch of real input of at least two images, N, H, W, 3; stays owned by the caller.
 * @returns max |a - b| / max |a| of each output, the worst of the four inputs.
 */
export function measureParity(kernels: Kernels, first: Forward, second: Forward, images: Value): number {
  const [count = 1, ...size] = images.shape
  const real = kernels.downloadSync(images.handle)
  const perImage = real.length / count
  const random = createRandom(0, 'export parity')
  const noise = Float32Array.from({ length: perImage * Math.max(...BATCHES) }, () => random.normal())
  let worst = 0
  for (const values of [noise, real]) {
    for (const batch of BATCHES.filter((wanted) => wanted * perImage <= values.length)) {
      const shape = [batch, ...size]
      const input: Value = { handle: kernels.upload(values.slice(0, batch * perImage), shape), shape }
      try {
        const [wanted, got] = [read(kernels, first(input)), read(kernels, second(input))]
        worst = Math.max(worst, ...wanted.map((want, i) => relativeDifference(want, got[i])))
      } finally {
        kernels.release(input.handle)
      }
    }
  }
  return worst
}

/** NaN counts as infinite. */
function relativeDifference(want: Float32Array, got: Float32Array = new Float32Array(0)): number {
  let difference = want.length === got.length ? 0 : Number.POSITIVE_INFINITY
  let largest = 0
  for (const [at, value] of want.entries()) {
    const delta = Math.abs(value - (got[at] ?? Number.NaN))
    difference = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : Math.max(difference, delta)
    largest = Math.max(largest, Math.abs(value))
  }
  return difference === 0 ? 0 : difference / largest
}

function read(kernels: Kernels, outputs: readonly Value[]): readonly Float32Array[] {
  try {
    return outputs.map(({ handle }) => kernels.downloadSync(handle))
  } finally {
    for (const { handle } of outputs) {
      kernels.release(handle)
    }
  }
}
