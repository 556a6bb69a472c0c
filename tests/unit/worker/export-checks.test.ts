import { describe, expect, it } from 'vitest'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import { measureParity } from '../../../src-main/worker/export-checks.ts'

const kernels = await createWasmKernels()
const SHAPE = [3, 2, 2, 3]
const images: Value = {
  handle: kernels.upload(
    Float32Array.from({ length: 36 }, (_, at) => at - 18),
    SHAPE,
  ),
  shape: SHAPE,
}

/** A network of one pointwise function; remembers the batches it saw. */
function network(answer: (value: number, at: number) => number) {
  const batches: number[] = []
  const forward = ({ handle, shape }: Value): Value[] => {
    batches.push(shape[0] ?? 0)
    return [{ handle: kernels.upload(kernels.downloadSync(handle).map(answer), shape), shape }]
  }
  return { forward, batches }
}

describe('measureParity', () => {
  it('is 0 for equal networks, asks with batch 1 and 2 of noise and of images, and keeps nothing', () => {
    const before = kernels.liveTensors()
    const [first, second] = [network((value) => value * 2), network((value) => value * 2)]
    expect(measureParity(kernels, first.forward, second.forward, images)).toBe(0)
    expect(first.batches).toEqual([1, 2, 1, 2])
    expect(second.batches).toEqual([1, 2, 1, 2])
    expect(kernels.liveTensors()).toBe(before)
  })

  it('is the largest difference over the largest answer, the worst case of the four', () => {
    // Images run from -18 to 5 in the first two; one value is off by 9 there, and by less than that in noise.
    const off = network((value) => (value === -18 ? -27 : value))
    const plain = network((value) => value)
    expect(measureParity(kernels, plain.forward, off.forward, images)).toBeCloseTo(9 / 18, 6)
  })

  it('an answer that is no number, or of another size, is infinitely far', () => {
    const plain = network((value) => value)
    const broken = network((value, at) => (at === 5 ? Number.NaN : value))
    expect(measureParity(kernels, plain.forward, broken.forward, images)).toBe(Infinity)
    const short = (): Value[] => [{ handle: kernels.upload(new Float32Array(1), [1]), shape: [1] }]
    expect(measureParity(kernels, plain.forward, short, images)).toBe(Infinity)
  })
})
