import { describe, expect, it } from 'vitest'
import type { Preset, RunConfig } from '../../../src-main/contract/index.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { createSearchSetup, listSetupProblems } from '../../../src-main/engine/configure/search-setup.ts'
import { countCost } from '../../../src-main/nas/cost.ts'
import { hrnetGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { isTrainable } from '../../../src-main/nas/network-parameters.ts'
import { planNetwork, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import { countSpaceSize } from '../../../src-main/nas/search-space.ts'
import { learningRateAt } from '../../../src-main/training/learning-rate.ts'
import { readPresets } from '../../support/engine-core.ts'

const presets = await readPresets()
/** What the head of 9.1 has more than final_layer, layer by layer. */
const headDifference = (width: number, joints: number): number =>
  width * 2 * joints +
  2 * joints +
  (width + 2 * joints) * width * 16 +
  2 * width +
  4 * (2 * 9 * width * width + 4 * width)
const W48_HEAD = headDifference(48, 17)
/** HRNet-W48's body scales with the area from 384 × 288, the head is on top (4.1 rule 4). */
const W48_MACS =
  (35_306_606_592 / (384 * 288)) * 640 * 640 -
  48 * 17 * 160 * 160 +
  48 * 34 * 160 * 160 +
  ((48 + 34) * 48 * 16 + 4 * 2 * 9 * 48 * 48 + 48 * 17) * 320 * 320
const configOf = (name: string): RunConfig => {
  const preset = presets.find((candidate: Preset) => candidate.name === name)
  if (preset === undefined) {
    throw new Error(`there is no preset ${name}`)
  }
  return preset.config
}

interface Row {
  readonly name: string
  readonly outputs: number
  readonly supernetParams: number
  readonly log10: number
  /** [params, MACs] where the tables print exact integers. */
  readonly smallest?: readonly [number, number]
  readonly largest?: readonly [number, number]
  readonly hrnet?: readonly [number, number]
  /** Smallest and largest MACs in millions where they print these. */
  readonly megaMacs?: readonly [number, number]
}

/** Convolutions cost in proportion to the area, and all sizes divide evenly: 384 × 288 is 2.25 times 256 × 192. */
const AREA = (384 * 288) / (256 * 192)

/** method.md 2.7 (super-network), 3.6 (space), 4.2 (self-test values), 11.2 (small presets). */
const TABLE: readonly Row[] = [
  { name: 'micro-pose', outputs: 14, supernetParams: 140_318, log10: 6.3, megaMacs: [3.88, 7.56] },
  // The body of micro-pose at width 16 (part 2.1 counted by hand, as 140,318 is at width 8) with the head of 9.1: 4.1 rule 4 and 9.6.
  { name: 'micro-bottom-up', outputs: 14, supernetParams: 530_014 + headDifference(16, 14), log10: 6.3 },
  { name: 'micro-seg', outputs: 11, supernetParams: 144_123, log10: 8.1, megaMacs: [7.2, 13.08] },
  { name: 'mini-pose', outputs: 14, supernetParams: 3_695_726, log10: 29.2, megaMacs: [69.4, 240.8] },
  { name: 'mini-pose-8', outputs: 14, supernetParams: 948_046, log10: 29.2, megaMacs: [30.8, 73.6] },
  { name: 'mini-seg', outputs: 11, supernetParams: 3_756_459, log10: 32.8, megaMacs: [115.4, 292.4] },
  {
    name: 'pose-w32-256x192',
    outputs: 17,
    supernetParams: 47_609_841,
    log10: 92.4,
    smallest: [13_631_601, 4_319_576_064],
    hrnet: [28_536_113, 7_645_003_776],
    largest: [46_839_857, 11_000_709_120],
  },
  {
    name: 'pose-w32-384x288',
    outputs: 17,
    supernetParams: 47_609_841,
    log10: 92.4,
    smallest: [13_631_601, 4_319_576_064 * AREA],
    hrnet: [28_536_113, 7_645_003_776 * AREA],
    largest: [46_839_857, 11_000_709_120 * AREA],
  },
  {
    name: 'pose-w48-384x288',
    outputs: 17,
    supernetParams: 106_461_185,
    log10: 92.4,
    hrnet: [63_595_745, 35_306_606_592],
  },
  {
    name: 'bottom-up-w32-512',
    outputs: 17,
    // method.md 4.2: the head replaces final_layer, 28,645,331 against 28,536,113.
    supernetParams: 47_609_841 + 28_645_331 - 28_536_113,
    log10: 92.4,
    hrnet: [28_645_331, 47_864_348_672],
  },
  {
    name: 'bottom-up-w48-640',
    outputs: 17,
    supernetParams: 106_461_185 + W48_HEAD,
    log10: 92.4,
    // Published 63.8 M, 154.3 x 10^9.
    hrnet: [63_595_745 + W48_HEAD, W48_MACS],
  },
  {
    name: 'seg-w32-cityscapes',
    outputs: 19,
    supernetParams: 47_850_259,
    log10: 96,
    smallest: [13_857_491, 215_507_533_824],
    largest: [47_850_259, 504_402_804_736],
  },
  {
    name: 'seg-w48-cityscapes',
    outputs: 19,
    supernetParams: 106_994_611,
    log10: 96,
    hrnet: [65_859_379, 747_513_053_184],
  },
]

describe('the presets', () => {
  it('are those of the tables, each named as its file says and with its source', () => {
    expect(presets.map(({ name }) => name).toSorted()).toEqual(TABLE.map(({ name }) => name).toSorted())
    for (const { name, source, config } of presets) {
      expect(config.preset).toBe(name)
      expect(source).toMatch(/method\.md/)
    }
  })

  it.each(TABLE)('$name: super-network, space and costs of the published tables', (row) => {
    const config = configOf(row.name)
    expect(listSetupProblems(config, row.outputs)).toEqual([])
    const { space, shape, smallest, largest } = createSearchSetup(config, row.outputs)
    const trainable = supernetParameters(space, shape)
      .filter(isTrainable)
      .reduce((sum, spec) => sum + spec.shape.reduce((product, size) => product * size, 1), 0)
    expect(trainable).toBe(row.supernetParams)
    // One digit is printed.
    expect(countSpaceSize(space).log10).toBeCloseTo(row.log10, 1)
    const pair = ({ params, macs }: { params: number; macs: number }) => [params, macs]
    expect(pair(smallest)).toEqual(row.smallest ?? pair(smallest))
    expect(pair(largest)).toEqual(row.largest ?? pair(largest))
    if (row.hrnet !== undefined) {
      expect(pair(countCost(planNetwork(space, shape, hrnetGenotype(space))))).toEqual(row.hrnet)
    }
    for (const [at, { macs }] of [smallest, largest].entries()) {
      const printed = row.megaMacs?.[at]
      if (printed !== undefined) {
        const digits = String(printed).split('.')[1]?.length ?? 1
        // Half a printed digit, plus a tenth of it: the table was rounded twice (69.4518 to 69.45 to 69.4).
        expect(Math.abs(macs / 1e6 - printed)).toBeLessThanOrEqual(0.55 * 10 ** -digits)
      }
    }
  })
})

describe.each(['pose-w32-256x192', 'pose-w32-384x288', 'pose-w48-384x288'])('%s', (name) => {
  const { teacher, supernet, search, pose, dataset, space } = configOf(name)
  it('has the hyper-parameters of method.md 5.4, 5.5, 7.1 and 7.4', () => {
    const batch = { 'pose-w32-256x192': 384, 'pose-w32-384x288': 256, 'pose-w48-384x288': 96 }[name]
    const adam = { kind: 'adam', learningRate: 1e-3, weightDecay: 0, schedule: 'step' }
    expect(teacher).toMatchObject({ epochs: 210, batch, optimizer: adam })
    expect(supernet).toMatchObject({
      ...{ epochs: 210, batch, optimizer: adam },
      ...{ sampling: 'grouped', distillationWeight: 1, idleWeights: 'skipIdle' },
    })
    expect(search).toMatchObject({
      ...{ initial: 1000, generations: 10, perGeneration: 100, tail: 'cheap', flipTest: true },
      ...{ crossoverProbability: 0.25, mutationProbability: 0.2 },
      ...{ recalibrationBatches: 8, recalibrationBatchSize: (batch ?? 0) / 8 },
    })
    expect(pose).toMatchObject({
      ...{ sigma: name.includes('256') ? 2 : 3, augment: true, halfBodyProbability: 0.3, scaleFactor: 0.35 },
      ...{ rotationFactor: 45, rotationProbability: 0.6, flipProbability: 0.5 },
    })
    expect(dataset.source).toBe('coco')
    expect(space).toEqual({
      layout: [
        [2, 1],
        [3, 4],
        [4, 3],
      ],
      depthChoices: [2, 3, 4, 5],
      evolveLastModule: false,
    })
  })

  it.each([1, 7, 351, 390, 1559])(
    'drops the rate exactly after epochs 170 and 200 at %i iterations',
    (perEpoch) => {
      const total = 210 * perEpoch
      const rate = (iteration: number): number => learningRateAt(teacher.optimizer, iteration, total)
      expect(rate(170 * perEpoch - 1)).toBeCloseTo(1e-3, 12)
      expect(rate(170 * perEpoch)).toBeCloseTo(1e-4, 12)
      expect(rate(200 * perEpoch - 1)).toBeCloseTo(1e-4, 12)
      expect(rate(200 * perEpoch)).toBeCloseTo(1e-5, 12)
    },
  )
})

describe.each([
  ['bottom-up-w32-512', 32, 512, 12],
  ['bottom-up-w48-640', 48, 640, 10],
] as const)('%s', (name, width, size, perDevice) => {
  it('has the hyper-parameters of method.md 9.2 to 9.5', () => {
    const { teacher, supernet, search, network, bottomUp } = configOf(name)
    const adam = { kind: 'adam', learningRate: 1e-3, weightDecay: 0, schedule: 'step' }
    expect(network).toMatchObject({ baseWidth: width, inputHeight: size, inputWidth: size })
    for (const part of [teacher, supernet]) {
      expect(part).toMatchObject({ epochs: 300, batch: 8 * perDevice, optimizer: adam })
      const rates = [199.9, 200.1, 260.1].map((epoch) =>
        learningRateAt(part.optimizer, epoch * 100, 300 * 100),
      )
      expect(rates.map((rate) => Number(rate.toExponential(6)))).toEqual([1e-3, 1e-4, 1e-5])
    }
    expect(search).toMatchObject({ flipTest: true, recalibrationBatchSize: perDevice })
    expect(bottomUp).toEqual({
      ...{ sigma: 2, augment: true, scaleMin: 0.75, scaleMax: 1.5, rotationDegrees: 30, translation: 40 },
      ...{ flipProbability: 0.5, tagWeight: 0.001, mostPersons: 30 },
      ...{ detectionThreshold: 0.1, tagThreshold: 1, scales: [1] },
    })
  })
})

describe.each(['seg-w32-cityscapes', 'seg-w48-cityscapes'])('%s', (name) => {
  it('has the hyper-parameters of method.md 5.3, 5.4, 5.6, 7.1 and 7.4', () => {
    const { teacher, supernet, search, segmentation, network } = configOf(name)
    const sgd = { kind: 'sgd', momentum: 0.9, weightDecay: 5e-4, schedule: 'poly' }
    expect(teacher).toMatchObject({ epochs: 484, batch: 24, optimizer: { ...sgd, learningRate: 1e-2 } })
    expect(supernet).toMatchObject({
      ...{ epochs: 484, batch: 24, optimizer: { ...sgd, learningRate: 1e-3 } },
      ...{ sampling: 'grouped', distillationWeight: 0.5, idleWeights: 'skipIdle' },
    })
    expect(search).toMatchObject({
      ...{ initial: 1000, generations: 10, perGeneration: 100, tail: 'cheap', flipTest: false },
      ...{ crossoverProbability: 0.25, mutationProbability: 0.2 },
      ...{ recalibrationBatches: 8, recalibrationBatchSize: 3 },
    })
    expect(segmentation).toEqual({
      ...{ augment: true, cropHeight: 512, cropWidth: 1024, scaleMin: 0.5, scaleMax: 2.1 },
      ...{ flipProbability: 0.5, miningShare: 12, miningThreshold: 0.9, classWeights: 'cityscapes' },
    })
    expect([network.inputHeight, network.inputWidth]).toEqual([1024, 2048])
    // One pixel in 12 of a device batch of three crops (method.md 5.3).
    expect((3 * 512 * 1024) / segmentation.miningShare).toBe(131_072)
  })
})

describe('a preset for a real dataset', () => {
  const needy = presets.filter(({ config }) => config.dataset.source !== 'drawn').map(({ name }) => name)
  it('is each of the paper', () => {
    expect(needy).toHaveLength(7)
  })

  it.each(needy)('%s without a folder is refused by name, with one it is not', (preset) => {
    expect(() => freezeConfig(presets, { preset, overrides: {} })).toThrow(
      expect.objectContaining({
        code: 'BAD_REQUEST',
        message: expect.stringMatching(new RegExp(`dataset\\.path.*${preset}.*--dataset`)) as string,
      }),
    )
    const frozen = freezeConfig(presets, { preset, overrides: { 'dataset.path': '/data/real' } })
    expect(frozen.dataset.path).toBe('/data/real')
  })
})

describe('training crops', () => {
  const problems = (overrides: Record<string, number>) =>
    listSetupProblems(freezeConfig(presets, { preset: 'mini-seg', overrides }), 11)
  it('must fit into the input and divide by the strides; the message says both sizes', () => {
    expect(problems({ 'segmentation.cropHeight': 64, 'segmentation.cropWidth': 96 })).toEqual([])
    expect(problems({ 'segmentation.cropHeight': 128 })[0]).toMatchObject({
      field: 'segmentation.cropHeight',
      message: expect.stringContaining('128×128 do not fit into the input of 96×128') as string,
    })
    expect(problems({ 'segmentation.cropHeight': 80 })[0]?.message).toContain('multiples of 32')
  })
})
