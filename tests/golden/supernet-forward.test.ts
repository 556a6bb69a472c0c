import { describe, expect, it } from 'vitest'
import { buildGolden, deviation, goldenInput } from '../support/golden-network.ts'
import type { GoldenNetwork } from '../support/golden-network.ts'
import { toNhwc } from '../support/formula-weights.ts'
import { testBackends } from '../support/backends.ts'
import { goldenPath, hasShared, readGoldenJson, readNpz } from '../support/read-npz.ts'

/** Stated in the sets; PyTorch's own float32 run is up to 1e-6 off. */
const TOLERANCE = 2e-5

for (const { name: backend, kernels, isFast } of await testBackends()) {
  describe.skipIf(!hasShared || kernels === null)(
    `forward pass on ${backend} against the reference (needs ../shared and that backend)`,
    () => {
      for (const name of isFast ? ['pose_a', 'pose_b', 'seg_a', 'seg_b'] : ['pose_a', 'seg_a']) {
        it(`${name}: output and branches after every stage`, async () => {
          if (kernels === null) {
            return
          }
          const golden = readGoldenJson<GoldenNetwork>(`forward/${name}.json`)
          const arrays = readNpz(goldenPath(`forward/${name}.npz`))
          const before = kernels.liveTensors()
          const { supernet, plan } = buildGolden(kernels, golden)
          const session = supernet.openEvaluation()
          const input = goldenInput(kernels, golden.input)
          const keep = new Set(Object.values(plan.taps).flat())
          const { output, kept } = session.forward(plan, input, undefined, keep)
          const check = async (key: string, handle: typeof output.handle): Promise<void> => {
            const want = arrays[key]
            if (want !== undefined) {
              const got = await kernels.download(handle)
              expect(
                deviation(got, toNhwc(Float32Array.from(want.data as Float32Array), want.shape)),
                key,
              ).toBeLessThanOrEqual(TOLERANCE)
            }
          }
          await check('output', output.handle)
          for (const [stage, values] of Object.entries(plan.taps)) {
            for (const [branch, id] of values.entries()) {
              const value = kept.get(id)
              expect(value, `${stage} branch ${branch}`).toBeDefined()
              if (value !== undefined) {
                await check(stage === 'layer1' ? 'layer1' : `${stage}.branch${branch}`, value.handle)
              }
            }
          }
          for (const { handle } of [output, input, ...kept.values()]) {
            kernels.release(handle)
          }
          session.close()
          supernet.dispose()
          expect(kernels.liveTensors() - before).toBeLessThan(100)
        })
      }
    },
  )
}
