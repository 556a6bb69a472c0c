import { describe, expect, it } from 'vitest'
import { singleOutput } from '../../../src-main/compute/network-ops.ts'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { Value } from '../../../src-main/compute/network-ops.ts'
import { countCost } from '../../../src-main/nas/cost.ts'
import type { Genotype } from '../../../src-main/nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork, planParameters, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import type { NetworkPlan, NetworkShape } from '../../../src-main/nas/network-plan.types.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { sampleUniform } from '../../../src-main/nas/sampling.ts'
import { extractSubnet, openStandAlone } from '../../../src-main/supernet/extract-subnet.ts'
import type { StandAloneSubnet } from '../../../src-main/supernet/extract-subnet.ts'
import { initialWeights } from '../../../src-main/supernet/initialise.ts'
import {
  measureStatistics,
  releaseStatistics,
  uploadStatistics,
} from '../../../src-main/supernet/recalibrate.ts'
import { Supernet } from '../../../src-main/supernet/supernet.ts'
import { testBackends } from '../../support/backends.ts'
import { deviation } from '../../support/golden-network.ts'
import { smallSpace } from '../../support/small-supernet.ts'

/**
 * method.md 8.1: same backend, same layers, same numbers. The tolerance is the specification's; kernels may pick another order of
 * summation for another memory layout, nothing else may differ.
 */
const PARITY = 1e-6

const backends = await testBackends()

function randomBatch(
  kernels: Kernels,
  { inputHeight, inputWidth }: NetworkShape,
  seed: number,
  n: number,
): Value {
  const random = createRandom(seed, 'batch')
  const shape = [n, inputHeight, inputWidth, 3]
  const values = Float32Array.from({ length: n * inputHeight * inputWidth * 3 }, () => random.normal())
  return { handle: kernels.upload(values, shape), shape }
}

interface Case {
  readonly kernels: Kernels
  readonly supernet: Supernet
  readonly plan: NetworkPlan
  readonly standAlone: (dropsDeadLayers: boolean) => Promise<StandAloneSubnet>
  /** The super-network's answer with the recalibrated statistics. */
  readonly inherited: (input: Value) => Float32Array
  readonly dispose: () => void
}

function openCase(
  kernels: Kernels,
  task: NetworkShape['task'],
  choose: (space: Supernet['space']) => Genotype,
): Case {
  const { space, shape } = smallSpace(task)
  const specs = supernetParameters(space, shape)
  // Every norm gets its own gain and offset, so that a mix-up of two layers shows.
  const random = createRandom(3, 'norms')
  const weights = new Map(
    [...initialWeights(specs, shape, 5)].map(([name, tensor]) => [
      name,
      /\.bn\d\.|\.\d+\.1\.|fuse_layers.*\.1\./.test(name) && !name.includes('running')
        ? { ...tensor, values: tensor.values.map((value) => value + 0.2 * random.normal()) }
        : tensor,
    ]),
  )
  const supernet = new Supernet(kernels, space, shape, weights)
  const plan = planNetwork(space, shape, choose(space))
  const session = supernet.openEvaluation()
  const batches = [randomBatch(kernels, shape, 11, 3), randomBatch(kernels, shape, 12, 2)]
  const host = measureStatistics(kernels, session, plan, batches)
  const statistics = uploadStatistics(kernels, host)
  return {
    kernels,
    supernet,
    plan,
    standAlone: (dropsDeadLayers) => extractSubnet({ supernet, plan, statistics: host, dropsDeadLayers }),
    inherited: (input) => read(kernels, singleOutput(session.forward(plan, input, statistics).outputs)),
    dispose: () => {
      releaseStatistics(kernels, statistics)
      batches.forEach(({ handle }) => kernels.release(handle))
      session.close()
      supernet.dispose()
    },
  }
}

function read(kernels: Kernels, { handle }: Value): Float32Array {
  const values = kernels.downloadSync(handle)
  kernels.release(handle)
  return values
}

function runStandAlone({ kernels, supernet }: Case, extracted: StandAloneSubnet, input: Value): Float32Array {
  const network = openStandAlone(kernels, supernet, extracted)
  const session = network.openEvaluation()
  try {
    return read(kernels, singleOutput(session.forward(extracted.plan, input).outputs))
  } finally {
    session.close()
    network.dispose()
  }
}

/** Branch 1 is deeper than branch 0, which is all that a pose head reads: its last block and fusions are dead. */
const withDeadLayers = (space: Supernet['space']): Genotype => ({
  modules: space.modules.map(() => ({
    depths: [2, 3],
    fusion: [1, 2, 3].map((step) => [
      [1, step <= 2 ? 1 : 0],
      [step <= 2 ? 1 : 0, 1],
    ]),
  })),
})

const GENOTYPES = {
  smallest: smallestGenotype,
  hrnet: hrnetGenotype,
  largest: largestGenotype,
  'a random one': (space: Supernet['space']) => sampleUniform(space, createRandom(8, 'genotype')),
  'one with dead layers': withDeadLayers,
}

for (const { name, kernels } of backends) {
  describe.skipIf(kernels === null)(`a stand-alone sub-network on ${name}`, () => {
    const cases = (['pose', 'segmentation'] as const).flatMap((task) =>
      Object.entries(GENOTYPES).map(([label, choose]) => ({ task, label, choose })),
    )
    it.each(cases)(
      '$task, $label: equals the super-network, batch 1 and 2, and leaks nothing',
      async (given) => {
        if (kernels === null) {
          return
        }
        const check = async (): Promise<void> => {
          const opened = openCase(kernels, given.task, given.choose)
          for (const dropsDeadLayers of [false, true]) {
            const extracted = await opened.standAlone(dropsDeadLayers)
            for (const batch of [1, 2]) {
              const input = randomBatch(kernels, opened.supernet.shape, 20 + batch, batch)
              const want = opened.inherited(input)
              expect(Math.max(...want.map(Math.abs))).toBeGreaterThan(0)
              expect(deviation(runStandAlone(opened, extracted, input), want)).toBeLessThanOrEqual(PARITY)
              kernels.release(input.handle)
            }
          }
          opened.dispose()
        }
        await check()
        // Constants that a backend keeps per shape are there after the first time.
        const before = kernels.liveTensors()
        await check()
        expect(kernels.liveTensors()).toBe(before)
      },
    )

    it('depends on its weights: a changed convolution of an active layer changes the output', async () => {
      if (kernels === null) {
        return
      }
      const opened = openCase(kernels, 'pose', hrnetGenotype)
      const extracted = await opened.standAlone(false)
      const input = randomBatch(kernels, opened.supernet.shape, 5, 1)
      const want = opened.inherited(input)
      for (const target of ['stage2.0.branches.1.0.conv2.weight', 'bn1.running_var']) {
        const changed = new Map(extracted.weights)
        const tensor = changed.get(target)
        expect(tensor, target).toBeDefined()
        if (tensor !== undefined) {
          changed.set(target, { ...tensor, values: tensor.values.map((value) => value * 1.5) })
        }
        const got = runStandAlone(opened, { ...extracted, weights: changed }, input)
        expect(deviation(got, want), target).toBeGreaterThan(1e-4)
      }
      kernels.release(input.handle)
      opened.dispose()
    })
  })
}

describe('extractSubnet', () => {
  const kernels = requireKernels()
  it('keeps exactly the tensors of the plan, and trainable values as many as the cost says', async () => {
    const opened = openCase(kernels, 'pose', withDeadLayers)
    const { params, liveParams } = countCost(opened.plan)
    expect(liveParams).toBeLessThan(params)
    const count = ({ weights }: StandAloneSubnet): number =>
      [...weights]
        .filter(([name]) => !name.includes('running_'))
        .reduce((sum, [, { values }]) => sum + values.length, 0)
    const whole = await opened.standAlone(false)
    const live = await opened.standAlone(true)
    expect([...whole.weights.keys()]).toEqual(planParameters(opened.plan).map((spec) => spec.name))
    expect(count(whole)).toBe(params)
    expect(count(live)).toBe(liveParams)
    expect(live.weights.has('stage2.0.branches.1.2.conv1.weight')).toBe(false)
    expect(whole.weights.has('stage2.0.branches.1.2.conv1.weight')).toBe(true)
    opened.dispose()
  })

  it('names a norm without statistics', async () => {
    const opened = openCase(kernels, 'pose', smallestGenotype)
    const { supernet, plan } = opened
    await expect(extractSubnet({ supernet, plan, statistics: new Map() })).rejects.toThrow(/batch norm bn1/)
    opened.dispose()
  })

  it('refuses missing tensors and tensors of other layers by name', async () => {
    const opened = openCase(kernels, 'pose', smallestGenotype)
    const extracted = await opened.standAlone(false)
    const missing = new Map(extracted.weights)
    missing.delete('conv2.weight')
    expect(() => openStandAlone(kernels, opened.supernet, { ...extracted, weights: missing })).toThrow(
      /conv2\.weight is missing/,
    )
    const extra = new Map(extracted.weights).set('layer9.weight', { shape: [1], values: new Float32Array(1) })
    expect(() => openStandAlone(kernels, opened.supernet, { ...extracted, weights: extra })).toThrow(
      /layer9\.weight/,
    )
    opened.dispose()
  })
})

function requireKernels(): Kernels {
  const kernels = backends.find((backend) => backend.kernels !== null)?.kernels ?? null
  if (kernels === null) {
    throw new Error('no backend opened, and WebAssembly needs nothing')
  }
  return kernels
}
