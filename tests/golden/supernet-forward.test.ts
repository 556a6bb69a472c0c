import { describe, expect, it } from 'vitest'
import { singleOutput } from '../../src-main/compute/network-ops.ts'
import type { Kernels } from '../../src-main/compute/kernels.ts'
import { buildGolden, deviation, goldenInput, norm } from '../support/golden-network.ts'
import type { GoldenNetwork } from '../support/golden-network.ts'
import { toNhwc } from '../support/formula-weights.ts'
import { testBackends } from '../support/backends.ts'
import { goldenPath, hasShared, numbersOf, readCopiedJson, readNpz } from '../support/read-npz.ts'

interface GoldenForward extends GoldenNetwork {
  readonly arrays: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly rms: number; readonly maxAbs: number }>
  >
}

/** Stated in the sets; PyTorch's own float32 run is up to 1e-6 off. */
const TOLERANCE = 2e-5
const SETS = ['pose_a', 'pose_b', 'seg_a', 'seg_b'] as const

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`forward pass on ${backend} against the reference (needs it)`, () => {
    it.each(SETS)('%s: size of the output and of the branches after every stage', async (name) => {
      if (kernels === null) {
        return
      }
      const golden = readCopiedJson<GoldenForward>(`forward/${name}.json`)
      const forwarded = await forward(kernels, golden)
      expect(forwarded.leakedTensors).toBeLessThan(100)
      for (const [key, { shape, rms, maxAbs }] of Object.entries(golden.arrays)) {
        const values = forwarded.arrays.get(key) ?? new Float32Array(0)
        expect(values, key).toHaveLength(shape.reduce((a, b) => a * b, 1))
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        expect(Math.abs(largest - maxAbs), key).toBeLessThanOrEqual(TOLERANCE * maxAbs)
        // A difference of at most d in every value moves the root mean square by at most d.
        expect(Math.abs(norm(values) / Math.sqrt(values.length) - rms), key).toBeLessThanOrEqual(
          TOLERANCE * maxAbs,
        )
      }
    })

    it.skipIf(!hasShared).each(SETS)(
      '%s: every value of them, and of the input (needs ../shared)',
      async (name) => {
        if (kernels === null) {
          return
        }
        const wanted = readNpz(goldenPath(`forward/${name}.npz`))
        const { arrays } = await forward(kernels, readCopiedJson<GoldenForward>(`forward/${name}.json`))
        for (const [key, { shape }] of Object.entries(wanted)) {
          const want = toNhwc(numbersOf(wanted, key), shape)
          expect(deviation(arrays.get(key) ?? [], want), key).toBeLessThanOrEqual(TOLERANCE)
        }
      },
    )
  })
}

/** Input, output and branches in N, h, w, C under the names of the set, and the tensors that the run left behind. */
async function forward(
  kernels: Kernels,
  golden: GoldenForward,
): Promise<{ arrays: ReadonlyMap<string, Float32Array>; leakedTensors: number }> {
  const before = kernels.liveTensors()
  const { supernet, plan } = buildGolden(kernels, golden)
  const session = supernet.openEvaluation()
  const input = goldenInput(kernels, golden.input)
  const keep = new Set(Object.values(plan.taps).flat())
  const { outputs, kept } = session.forward(plan, input, undefined, keep)
  const output = singleOutput(outputs)
  const arrays = new Map([
    ['input', await kernels.download(input.handle)],
    ['output', await kernels.download(output.handle)],
  ])
  for (const [stage, values] of Object.entries(plan.taps)) {
    for (const [branch, id] of values.entries()) {
      const value = kept.get(id)
      if (value !== undefined) {
        const key = stage === 'layer1' ? stage : `${stage}.branch${branch}`
        arrays.set(key, await kernels.download(value.handle))
      }
    }
  }
  for (const { handle } of [output, input, ...kept.values()]) {
    kernels.release(handle)
  }
  session.close()
  supernet.dispose()
  return { arrays, leakedTensors: kernels.liveTensors() - before }
}
