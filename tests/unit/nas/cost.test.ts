import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costByPart, countCost, countTrueMacs, toGigaMacs } from '../../../src-main/nas/cost.ts'
import type { Genotype } from '../../../src-main/nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork } from '../../../src-main/nas/network-plan.ts'
import type { NetworkPlan, NetworkShape, PlanNode } from '../../../src-main/nas/network-plan.types.ts'
import { officialSpace, type TaskKind } from '../../../src-main/nas/search-space.ts'
import { linearCost, linearCostOf } from './linear-cost.ts'
import { arbitraryGenotype, microSpace, miniSpace, officialShape } from './spaces.ts'

const NAMED = { smallest: smallestGenotype, hrnet: hrnetGenotype, largest: largestGenotype }

describe('countCost', () => {
  // method.md 4.2, self-test values: exact integers.
  it.each([
    ['pose', 'smallest', 32, 256, 192, 13_631_601, 4_319_576_064],
    ['pose', 'hrnet', 32, 256, 192, 28_536_113, 7_645_003_776],
    ['pose', 'largest', 32, 256, 192, 46_839_857, 11_000_709_120],
    ['pose', 'hrnet', 48, 256, 192, 63_595_745, 15_691_825_152],
    ['pose', 'hrnet', 48, 384, 288, 63_595_745, 35_306_606_592],
    ['segmentation', 'smallest', 32, 1024, 2048, 13_857_491, 215_507_533_824],
    ['segmentation', 'largest', 32, 1024, 2048, 47_850_259, 504_402_804_736],
    ['segmentation', 'hrnet', 48, 1024, 2048, 65_859_379, 747_513_053_184],
  ] as const)('%s %s at width %i, %i×%i', (task, name, baseWidth, inputHeight, inputWidth, params, macs) => {
    const space = officialSpace(task)
    const shape = officialShape(task, { baseWidth, inputHeight, inputWidth })
    const cost = countCost(planNetwork(space, shape, NAMED[name](space)))
    expect(cost).toEqual({ params, macs, liveParams: params, liveMacs: macs })
  })

  it('prints the published unit', () => {
    expect(toGigaMacs(7_645_003_776)).toBeCloseTo(7.12, 3)
  })

  it('equals the closed forms per block and per fusion, for any genotype, width and input', () => {
    fc.assert(
      fc.property(
        arbitraryGenotype(),
        fc.constantFrom(8, 12, 32, 48),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        fc.record({
          stem: fc.constantFrom(16, 32, 64),
          blocks: fc.integer({ min: 1, max: 4 }),
          planes: fc.constantFrom(8, 16),
        }),
        ({ space, genotype }, baseWidth, rows, columns, { stem, blocks, planes }) => {
          const shape: NetworkShape = {
            ...officialShape(space.task, { baseWidth, inputHeight: 32 * rows, inputWidth: 32 * columns }),
            stemChannels: stem,
            layer1Blocks: blocks,
            layer1Planes: planes,
          }
          const { params, macs } = countCost(planNetwork(space, shape, genotype))
          expect([params, macs]).toEqual(linearCostOf(linearCost(space, shape), genotype))
        },
      ),
      { numRuns: 40 },
    )
  })

  it('costs the same MACs for a block on every branch: 18 W² H W_img / 16', () => {
    const space = officialSpace('pose')
    const plan = planNetwork(space, officialShape('pose'), hrnetGenotype(space))
    for (const branch of [0, 1, 2, 3]) {
      const block = nodesAt(plan, 'block', { stage: 4, branch, step: 0 })
      expect(costOf(block)[1]).toBe((18 * 32 * 32 * 256 * 192) / 16)
    }
  })

  // method.md 4.3, W = 32, 256×192.
  it('counts the worked examples of single layers', () => {
    const pose = officialSpace('pose')
    const plan = planNetwork(pose, officialShape('pose'), largestGenotype(pose))
    const stem = plan.nodes.filter(({ location }) => location.part === 'stem')
    expect(costOf(stem.slice(0, 2))).toEqual([1_728 + 128, 21_233_664])
    const bottleneck = plan.nodes.filter(
      ({ location }) => location.part === 'layer1' && location.module === 0,
    )
    expect(costOf(bottleneck)).toEqual([73_728 + 1_280, 226_492_416])
    expect(costOf(nodesAt(plan, 'block', { stage: 4, branch: 2, step: 0 }))).toEqual([
      294_912 + 512,
      56_623_104,
    ])
    expect(costOf(nodesAt(plan, 'fusion', { stage: 4, branch: 0, step: 0, source: 3 }))).toEqual([
      8_192 + 64,
      393_216,
    ])
    expect(costOf(nodesAt(plan, 'fusion', { stage: 4, branch: 3, step: 0, source: 0 }))).toEqual([
      92_160 + 640,
      12_386_304,
    ])
    const segmentation = officialSpace('segmentation')
    const wide = planNetwork(segmentation, officialShape('segmentation'), smallestGenotype(segmentation))
    const head = wide.nodes.filter(({ location }) => location.part === 'head')
    expect(costOf(head)).toEqual([230_400 + 480 + 960 + 9_120 + 19, 30_198_988_800 + 1_195_376_640])
  })

  // method.md 11.2: MACs of the presets, printed with three or four digits.
  it.each([
    ['micro-pose', microSpace('pose'), preset('pose', 8, 16, 8, [64, 64], 14), 3.88, 7.56],
    ['micro-seg', microSpace('segmentation'), preset('segmentation', 8, 16, 8, [64, 96], 11), 7.2, 13.08],
    ['mini-pose', miniSpace('pose'), preset('pose', 16, 32, 16, [128, 96], 14), 69.4, 240.8],
    ['mini-pose-8', miniSpace('pose'), preset('pose', 8, 32, 16, [128, 96], 14), 30.8, 73.6],
    ['mini-seg', miniSpace('segmentation'), preset('segmentation', 16, 32, 16, [96, 128], 11), 115.4, 292.4],
  ] as const)('%s spans the stated MACs', (_name, space, shape, smallest, largest) => {
    const millions = (genotype: Genotype): number => countCost(planNetwork(space, shape, genotype)).macs / 1e6
    // Half a printed digit, plus a tenth of it: the table was rounded twice (69.4518 to 69.45 to 69.4).
    const tolerance = smallest < 20 ? 0.0055 : 0.055
    expect(Math.abs(millions(smallestGenotype(space)) - smallest)).toBeLessThanOrEqual(tolerance)
    expect(Math.abs(millions(largestGenotype(space)) - largest)).toBeLessThanOrEqual(tolerance)
  })

  it('counts dead layers in the official number only', () => {
    const space = officialSpace('pose')
    // Branch 1 of the last module is two blocks deeper than branch 0: those blocks run for nothing.
    const smallest = smallestGenotype(space)
    const identity = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => (row === column ? 1 : 0)))
    const last = smallest.modules.at(-1)
    const genotype: Genotype = {
      modules: [
        ...smallest.modules.slice(0, -1),
        { depths: [2, 4, 2, 2], fusion: [...(last?.fusion ?? []), identity, identity] },
      ],
    }
    const shape = officialShape('pose')
    const before = countCost(planNetwork(space, shape, smallest))
    const after = countCost(planNetwork(space, shape, genotype))
    const [blockParams, blockMacs] = linearCost(space, shape).block(1)
    expect(after).toEqual({
      params: before.params + 2 * blockParams,
      macs: before.macs + 2 * blockMacs,
      liveParams: before.liveParams,
      liveMacs: before.liveMacs,
    })
  })
})

describe('costByPart', () => {
  it('sums up to the whole and counts blocks and fusions', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ space, genotype }) => {
        const plan = planNetwork(
          space,
          officialShape(space.task, { inputHeight: 64, inputWidth: 64 }),
          genotype,
        )
        const rows = costByPart(plan)
        const total = rows.reduce(
          (sum, row) => ({
            params: sum.params + row.params,
            macs: sum.macs + row.macs,
            liveParams: sum.liveParams + row.liveParams,
            liveMacs: sum.liveMacs + row.liveMacs,
          }),
          { params: 0, macs: 0, liveParams: 0, liveMacs: 0 },
        )
        expect(total).toEqual(countCost(plan))
        const blocks = genotype.modules.flatMap(({ depths }) => depths).reduce((sum, depth) => sum + depth, 0)
        expect(rows.reduce((sum, row) => sum + row.blocks, 0)).toBe(blocks + 4)
      }),
      { numRuns: 20 },
    )
  })

  it('finds the 108 blocks and 62 fusions of HRNet (method.md 10.5), nine fewer in pose', () => {
    const counts = (['segmentation', 'pose'] as const).map((task) => {
      const space = officialSpace(task)
      const rows = costByPart(planNetwork(space, officialShape(task), hrnetGenotype(space)))
      return [
        rows.map((row) => row.name).join(' '),
        rows.reduce((sum, row) => sum + row.blocks, 0),
        rows.reduce((sum, row) => sum + row.fusions, 0),
      ]
    })
    const parts = 'stem layer1 transition1 stage2 transition2 stage3 transition3 stage4 head'
    // The last pose module flows into branch 0 only: 3 fusions of its 12 are left.
    expect(counts).toEqual([
      [parts, 108, 62],
      [parts, 108, 53],
    ])
  })
})

describe('the bottom-up head', () => {
  const space = officialSpace('bottom-up-pose')
  const shape = officialShape('bottom-up-pose', { inputHeight: 512, inputWidth: 512 })

  it('on the HRNet-W32 body equals the published cost', () => {
    const plan = planNetwork(space, shape, hrnetGenotype(space))
    const { params, macs } = countCost(plan)
    expect([params, macs]).toEqual([28_645_331, 47_864_348_672])
    // method.md 4.3: the deconvolution 66 → 32 counts 2,214,592,512, its true work is a quarter.
    expect(macs - countTrueMacs(plan)).toBe(2_214_592_512 * 0.75)
  })

  it('costs the difference between both heads on any body', () => {
    const pose = officialSpace('pose')
    const poseShape = officialShape('pose', { inputHeight: 512, inputWidth: 512 })
    const headCosts = [smallestGenotype, hrnetGenotype, largestGenotype].map((named) => {
      const [withHead, topDown] = [
        countCost(planNetwork(space, shape, named(space))),
        countCost(planNetwork(pose, poseShape, named(pose))),
      ]
      return [withHead.params - topDown.params, withHead.macs - topDown.macs]
    })
    expect(headCosts[1]).toEqual(headCosts[0])
    expect(headCosts[2]).toEqual(headCosts[0])
  })

  it('other networks do the work that they count', () => {
    const plan = planNetwork(
      officialSpace('pose'),
      officialShape('pose'),
      hrnetGenotype(officialSpace('pose')),
    )
    expect(countTrueMacs(plan)).toBe(countCost(plan).macs)
  })
})

function preset(
  task: TaskKind,
  baseWidth: number,
  stemChannels: number,
  layer1Planes: number,
  [inputHeight, inputWidth]: readonly [number, number],
  outputs: number,
): NetworkShape {
  return { task, baseWidth, stemChannels, layer1Blocks: 1, layer1Planes, inputHeight, inputWidth, outputs }
}

/** Nodes of one block or fusion of the first module of a stage. */
function nodesAt(
  plan: NetworkPlan,
  role: string,
  place: { stage: number; branch: number; step: number; source?: number },
): PlanNode[] {
  return plan.nodes.filter(
    ({ location }) =>
      location.role === role &&
      location.module === 0 &&
      location.stage === place.stage &&
      location.branch === place.branch &&
      location.step === place.step &&
      location.source === (place.source ?? -1),
  )
}

function costOf(nodes: readonly PlanNode[]): [params: number, macs: number] {
  const { params, macs } = countCost({
    input: { height: 0, width: 0, channels: 3 },
    nodes,
    outputs: [],
    taps: {},
  })
  return [params, macs]
}
