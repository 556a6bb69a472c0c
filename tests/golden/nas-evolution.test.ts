import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countCost, toGigaMacs } from '../../src-main/nas/cost.ts'
import { crossOver, mutate } from '../../src-main/nas/evolution/operators.ts'
import { selectPeeledFronts } from '../../src-main/nas/evolution/select-peeled-fronts.ts'
import {
  fromGenotypeJson,
  genotypeId,
  toGenotypeJson,
  type Genotype,
  type GenotypeJson,
} from '../../src-main/nas/genotype.ts'
import { planNetwork } from '../../src-main/nas/network-plan.ts'
import { fromOfficialMask, toOfficialMask, type OfficialMask } from '../../src-main/nas/official-mask.ts'
import { officialSpace, type SearchSpace, type TaskKind } from '../../src-main/nas/search-space.ts'

/** Numbers of the published code; see the README beside the originals in ../shared/data/golden/evolution. */
function readGolden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`data/evolution/${name}.json`, import.meta.url), 'utf8'))
}

interface Selection {
  sets: { kind: string; select: number; flops: number[]; score: number[]; selected: number[] }[]
}

describe('selection of the published search server', () => {
  for (const { kind, select, flops, score, selected } of (readGolden('selection') as Selection).sets) {
    const records = flops.map((macs, index) => ({
      id: String(index),
      macs,
      accuracy: score[index] ?? null,
      index,
    }))

    it(`${kind}: the same ${String(select)} points in the same order`, () => {
      const chosen = selectPeeledFronts(records, select, { ties: 'given' })
      expect(chosen.map(({ index }) => index)).toEqual(selected)
    })

    it(`${kind}: the default order of ties chooses no dominated twin`, () => {
      const chosen = selectPeeledFronts(records, select)
      expect(chosen.length).toBe(selected.length)
      for (const [position, record] of chosen.entries()) {
        const better = records.filter(
          (other) => other.macs === record.macs && (other.accuracy ?? 0) > (record.accuracy ?? 0),
        )
        expect(better.every((other) => chosen.slice(0, position).includes(other))).toBe(true)
      }
    })
  }
})

interface Operators {
  cases: {
    base: GenotypeJson
    other: GenotypeJson
    crossoverProbability: number
    mutationProbability: number
    crossoverDraws: number[]
    afterCrossover: GenotypeJson
    mutationDraws: number[]
    child: GenotypeJson
  }[]
}

describe('genetic operators of the published search server', () => {
  // The server knows segmentation only and writes masks without the rule of the last pose module.
  const space = officialSpace('segmentation')

  for (const [index, golden] of (readGolden('operators') as Operators).cases.entries()) {
    it(`case ${String(index)}: the same child from the same draws`, () => {
      const parents = {
        base: fromGenotypeJson(space, golden.base),
        mate: fromGenotypeJson(space, golden.other),
      }
      const crossoverDraws = replay(golden.crossoverDraws)
      const { genotype } = crossOver(space, parents, golden.crossoverProbability, crossoverDraws)
      expect(crossoverDraws.left()).toBe(0)
      expect(genotype).toEqual(fromGenotypeJson(space, golden.afterCrossover))

      const mutationDraws = replay(golden.mutationDraws)
      const child = mutate(space, genotype, golden.mutationProbability, mutationDraws)
      expect(mutationDraws.left()).toBe(0)
      expect(child).toEqual(fromGenotypeJson(space, golden.child))
    })
  }
})

interface Costs {
  groups: {
    task: 'pose' | 'seg'
    width: number
    height: number
    imageWidth: number
    outputs: number
    subnets: {
      genome: GenotypeJson
      officialMask: OfficialMask
      params: number
      multiplyAdds: number
      gflops1024: number
    }[]
  }[]
}

describe('costs of the published summary tool', () => {
  for (const group of (readGolden('costs') as Costs).groups) {
    const task: TaskKind = group.task === 'seg' ? 'segmentation' : 'pose'
    const space = officialSpace(task)
    const title = `${task} at width ${String(group.width)}, ${String(group.height)}×${String(group.imageWidth)}`

    it(`${title}: exact parameters and multiply-adds of ${String(group.subnets.length)} subnets`, () => {
      for (const subnet of group.subnets) {
        const genotype = fromGenotypeJson(space, { ...subnet.genome, task })
        const shape = {
          task,
          baseWidth: group.width,
          stemChannels: 64,
          layer1Blocks: 4,
          layer1Planes: 64,
          inputHeight: group.height,
          inputWidth: group.imageWidth,
          outputs: group.outputs,
        }
        const { params, macs } = countCost(planNetwork(space, shape, genotype))
        expect([params, macs]).toEqual([subnet.params, subnet.multiplyAdds])
        // A power of two divides exactly.
        expect(toGigaMacs(macs)).toBe(subnet.gflops1024)
      }
    })

    it(`${title}: masks and canonical genotypes are the same subnets`, () => {
      for (const { genome, officialMask } of group.subnets) {
        checkMask(space, officialMask, fromGenotypeJson(space, { ...genome, task }))
      }
    })
  }
})

describe('published mask format', () => {
  it('is the canonical genotype beside it, and comes back from it', () => {
    const golden = readGolden('official_mask_sample') as { genome: GenotypeJson; officialMask: OfficialMask }
    const space = officialSpace('pose')
    const genotype = fromGenotypeJson(space, golden.genome)
    checkMask(space, golden.officialMask, genotype)
    expect(toGenotypeJson(space, 8, genotype)).toEqual(golden.genome)
  })
})

function checkMask(space: SearchSpace, mask: OfficialMask, genotype: Genotype): void {
  const read = fromOfficialMask(space, mask)
  expect(read.ok && read.genotype).toEqual(genotype)
  // The sampler fills steps that the drawn depths never reach: cleared, each with its warning (method.md 3.5).
  expect(read.ok && read.warnings.every(({ code }) => code === 'LATE')).toBe(true)
  const again = fromOfficialMask(space, toOfficialMask(space, genotype))
  expect(again.ok && genotypeId(again.genotype)).toBe(genotypeId(genotype))
}

/** Hands out given draws and fails when more are asked for. */
function replay(draws: readonly number[]): { next: () => number; left: () => number } {
  let position = 0
  return {
    next: () => {
      const draw = draws[position]
      if (draw === undefined) {
        throw new Error(`only ${String(draws.length)} draws were recorded`)
      }
      position += 1
      return draw
    },
    left: () => draws.length - position,
  }
}
