import { describe, expect, it } from 'vitest'
import { hrnetGenotype } from '../../src-main/nas/named-genotypes.ts'
import { liveNodes, planNetwork, planParameters } from '../../src-main/nas/network-plan.ts'
import type { NetworkShape } from '../../src-main/nas/network-plan.types.ts'
import { officialSpace } from '../../src-main/nas/search-space.ts'
import { openStandAlone } from '../../src-main/supernet/extract-subnet.ts'
import type { WeightMap } from '../../src-main/supernet/weights.ts'
import { testBackends } from '../support/backends.ts'
import { formulaWeights, toNhwc } from '../support/formula-weights.ts'
import type { Recipe } from '../support/formula-weights.ts'
import { deviation, goldenInput } from '../support/golden-network.ts'
import type { GoldenInput } from '../support/golden-network.ts'
import { goldenPath, hasShared, readGoldenJson, readNpz } from '../support/read-npz.ts'

interface GoldenHead {
  readonly width: number
  readonly weightSeed: number
  readonly weightRecipe: Recipe
  readonly input: GoldenInput
  readonly parameters: Readonly<Record<string, readonly number[]>>
}

/** Of the set: 2e-5 of the largest value of each array. */
const TOLERANCE = 2e-5
const JOINTS = 17

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(!hasShared || kernels === null)(
    `bottom_up/head on ${backend} (needs ../shared and that backend)`,
    () => {
      it('HRNet body with HigherHRNet head: features and both outputs', () => {
        if (kernels === null) {
          return
        }
        const golden = readGoldenJson<GoldenHead>('bottom_up/head.json')
        const arrays = readNpz(goldenPath('bottom_up/head.npz'))
        const [, , inputHeight, inputWidth] = golden.input.shape
        const shape: NetworkShape = {
          task: 'bottom-up-pose',
          baseWidth: golden.width,
          stemChannels: 64,
          layer1Blocks: 4,
          layer1Planes: 64,
          inputHeight,
          inputWidth,
          outputs: JOINTS,
        }
        const space = officialSpace('bottom-up-pose')
        const plan = planNetwork(space, shape, hrnetGenotype(space))
        expect(liveNodes(plan).size).toBe(plan.nodes.length + 1)

        const weights = hrnetWeights(plan, golden)
        for (const [name, { shape: own }] of weights) {
          expect(golden.parameters[name] ?? own, name).toEqual(own)
        }
        expect([...weights.keys()].filter((name) => name in golden.parameters)).toHaveLength(
          Object.keys(golden.parameters).filter((name) => !name.endsWith('num_batches_tracked')).length,
        )

        const supernet = openStandAlone(kernels, { space, shape }, { plan, weights })
        const session = supernet.openEvaluation()
        const input = goldenInput(kernels, golden.input)
        const [features = 0] = plan.taps['stage4'] ?? []
        const { outputs, kept } = session.forward(plan, input, undefined, new Set([features]))
        const got = { features: kept.get(features), output0: outputs[0], output1: outputs[1] }
        for (const [key, value] of Object.entries(got)) {
          const want = arrays[key]
          expect(want, key).toBeDefined()
          if (want !== undefined && value !== undefined) {
            const [n, c, h, w] = want.shape
            expect(value.shape, key).toEqual([n, h, w, c])
            const values = kernels.downloadSync(value.handle)
            const wanted = toNhwc(Float32Array.from(want.data as Float32Array), want.shape)
            expect(deviation(values, wanted), key).toBeLessThanOrEqual(TOLERANCE)
            kernels.release(value.handle)
          }
        }
        kernels.release(input.handle)
        session.close()
        supernet.dispose()
      })
    },
  )
}

/** The set's names are those of HigherHRNet, whose one fusion set per module is our fourth. */
function hrnetWeights(plan: Parameters<typeof planParameters>[0], golden: GoldenHead): WeightMap {
  const specs = planParameters(plan)
  const theirs = new Map(specs.map((spec) => [spec.name.replace('.fuse_layers_4.', '.fuse_layers.'), spec]))
  const made = formulaWeights(
    [...theirs].map(([name, spec]) => ({ ...spec, name })),
    golden.weightSeed,
    golden.weightRecipe,
  )
  return new Map([...made].map(([name, tensor]) => [theirs.get(name)?.name ?? name, tensor]))
}
