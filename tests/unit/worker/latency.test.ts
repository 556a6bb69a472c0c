import { describe, expect, it } from 'vitest'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import { firstImage, measureLatency } from '../../../src-main/worker/latency.ts'

const kernels = await createWasmKernels()
const upload = (values: readonly number[], shape: readonly number[]): Value => ({
  handle: kernels.upload(Float32Array.from(values), shape),
  shape,
})

describe('measureLatency', () => {
  it('is the median of the passes after the warm-up, and keeps no tensor', () => {
    const input = upload([1, 2, 3], [3])
    const before = kernels.liveTensors()
    // Two slow first passes, then nine of which two were disturbed.
    const durations = [900, 500, 5, 7, 6, 300, 4, 8, 6.5, 200, 5.5]
    let clock = 0
    let passes = 0
    const forward = (): Value[] => {
      clock += durations[passes] ?? Number.NaN
      passes += 1
      return [upload([passes], [1])]
    }
    expect(measureLatency(kernels, forward, input, () => clock)).toBe(6.5)
    expect(passes).toBe(durations.length)
    expect(kernels.liveTensors()).toBe(before)
    kernels.release(input.handle)
  })
})

describe('firstImage', () => {
  it('is the first of the batch as a batch of its own', () => {
    const batch = upload([1, 2, 3, 4, 5, 6], [2, 1, 1, 3])
    const one = firstImage(kernels, batch)
    expect(one.shape).toEqual([1, 1, 1, 3])
    expect([...kernels.downloadSync(one.handle)]).toEqual([1, 2, 3])
    kernels.release(one.handle)
    kernels.release(batch.handle)
  })
})
