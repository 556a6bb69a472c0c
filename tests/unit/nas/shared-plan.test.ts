import { describe, expect, it } from 'vitest'
import { countCost } from '../../../src-main/nas/cost.ts'
import { drawInitialPopulation } from '../../../src-main/nas/evolution/initial-population.ts'
import { genotypeKey } from '../../../src-main/nas/genotype.ts'
import type { Genotype } from '../../../src-main/nas/genotype.ts'
import { liveNodes, nodeInputs } from '../../../src-main/nas/live-nodes.ts'
import { largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork } from '../../../src-main/nas/network-plan.ts'
import type { NetworkPlan } from '../../../src-main/nas/network-plan.types.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { groupPlans, peakBytesPerImage, planReleases, sharePlans } from '../../../src-main/nas/shared-plan.ts'
import { sharingKey, sharingOrder } from '../../../src-main/nas/sharing-order.ts'
import { smallShape as shape, smallSpace as space } from '../../support/small-space.ts'

const genotypes: readonly Genotype[] = drawInitialPopulation(
  space,
  40,
  createRandom(3, 'search'),
).members.map(({ genotype }) => genotype)
const plans = genotypes.map((genotype) => planNetwork(space, shape, genotype))

/** A value as the text of everything that it is computed from. */
function expressionOf(plan: Pick<NetworkPlan, 'nodes'>, output: number): string {
  const texts = new Map<number, string>([[0, 'x']])
  for (const node of plan.nodes) {
    const operation =
      node.kind === 'conv'
        ? `${node.weight}/${node.bias ?? ''}/${String(node.stride)}`
        : node.kind === 'batch-norm'
          ? `${node.name}/${String(node.relu)}`
          : node.kind === 'upsample'
            ? `${node.mode}${String(node.factor)}`
            : node.kind
    texts.set(
      node.output,
      `${operation}(${nodeInputs(node)
        .map((id) => texts.get(id) ?? '?')
        .join()})`,
    )
  }
  return texts.get(output) ?? '?'
}

describe('plans that share their beginnings', () => {
  it('compute what each of them computes alone', () => {
    const few = [...plans.slice(0, 3), planNetwork(space, shape, smallestGenotype(space))]
    const shared = sharePlans(few)
    few.forEach((plan, index) => {
      expect(expressionOf(shared, shared.outputs[index]?.[0] ?? -1)).toBe(
        expressionOf(plan, plan.outputs[0]?.value ?? -2),
      )
    })
  })

  it('hold no expression twice and nothing that no output reads', () => {
    const shared = sharePlans(plans)
    const own = new Set(shared.nodes.map((node) => JSON.stringify({ ...node, output: 0, location: null })))
    expect(own.size).toBe(shared.nodes.length)
    const read = new Set(shared.nodes.flatMap(nodeInputs))
    for (const { output } of shared.nodes) {
      expect(read.has(output) || shared.outputs.flat().includes(output)).toBe(true)
    }
  })

  it('count the multiply-adds that the cost model counts', () => {
    const alone = sharePlans(plans.slice(0, 1))
    const first = plans.slice(0, 1).map(countCost)[0]
    expect([alone.macs, alone.separateMacs]).toEqual([first?.liveMacs, first?.macs])
    const shared = sharePlans(plans)
    expect(shared.separateMacs).toBe(plans.reduce((sum, plan) => sum + countCost(plan).macs, 0))
    // Stem, layer 1 and transition alone are two fifths of the smallest network: forty candidates share at least that.
    expect(shared.separateMacs / shared.macs).toBeGreaterThan(2.5)
  })

  it('add no node for a plan that is there already', () => {
    const one = sharePlans(plans.slice(0, 1))
    const twice = sharePlans([...plans.slice(0, 1), ...plans.slice(0, 1)])
    expect(twice.nodes).toHaveLength(one.nodes.length)
    expect(twice.outputs).toEqual([one.outputs[0], one.outputs[0]])
  })

  it('release every value exactly once, after its last reader', () => {
    const shared = sharePlans([...plans, ...plans.slice(0, 2)])
    const { afterNode, afterOutput } = planReleases(shared)
    const gone = new Set<number>()
    const release = (values: readonly number[] | undefined): void => {
      for (const value of values ?? []) {
        expect(gone.has(value)).toBe(false)
        gone.add(value)
      }
    }
    let position = 0
    shared.ends.forEach((end, plan) => {
      for (; position < end; position++) {
        const node = shared.nodes[position]
        expect(node === undefined ? [] : nodeInputs(node).filter((id) => gone.has(id))).toEqual([])
        release(afterNode[position])
      }
      expect(gone.has(shared.outputs[plan]?.[0] ?? -1)).toBe(false)
      release(afterOutput[plan])
    })
    expect(gone.size).toBe(shared.nodes.length)
  })

  it('split into groups that fit the memory, in order, down to single plans', () => {
    const whole = peakBytesPerImage(sharePlans(plans))
    const least = Math.max(...plans.map((plan) => peakBytesPerImage(sharePlans([plan]))))
    expect(groupPlans(plans, whole)).toHaveLength(1)
    const groups = groupPlans(plans, (whole + least) / 2)
    expect(groups.length).toBeGreaterThan(1)
    for (const group of groups) {
      expect(peakBytesPerImage(group)).toBeLessThanOrEqual((whole + least) / 2)
    }
    expect(groups.reduce((sum, group) => sum + group.outputs.length, 0)).toBe(plans.length)
    expect(groupPlans(plans, 0)).toHaveLength(plans.length)
    expect(groupPlans([], 0)).toEqual([])
  })

  it('need the memory that a run of one plan needs by the list of its live values', () => {
    const plan = planNetwork(space, shape, largestGenotype(space))
    const live = liveNodes(plan)
    const nodes = plan.nodes.filter((node) => live.has(node.output))
    const bytes = new Map(nodes.map((node) => [node.output, node.height * node.width * node.channels * 4]))
    let peak = 0
    nodes.forEach((_, position) => {
      // Alive while a node runs: made so far, and read by it or later.
      const later = new Set([...nodes.slice(position).flatMap(nodeInputs), plan.outputs[0]?.value ?? -1])
      const alive = nodes.filter(
        (node, index) => index === position || (index < position && later.has(node.output)),
      )
      peak = Math.max(
        peak,
        alive.reduce((sum, node) => sum + (bytes.get(node.output) ?? 0), 0),
      )
    })
    expect(peakBytesPerImage(sharePlans([plan]))).toBe(peak)
  })
})

describe('the order in which candidates share most', () => {
  it('puts equal beginnings together and loses no candidate', () => {
    const order = sharingOrder(genotypes)
    expect(order.toSorted((a, b) => a - b)).toEqual(genotypes.map((_, index) => index))
    const keys = order.map((index) => sharingKey(genotypes[index] ?? { modules: [] }))
    expect(keys).toEqual(keys.toSorted())
  })

  it('shares more in small groups than the order of the draw', () => {
    const workOf = (ordered: readonly NetworkPlan[]): number => {
      let macs = 0
      for (let begin = 0; begin < ordered.length; begin += 8) {
        macs += sharePlans(ordered.slice(begin, begin + 8)).macs
      }
      return macs
    }
    const byKey = genotypes
      .map((genotype, index) => ({ key: genotypeKey(genotype), plan: plans[index] }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .flatMap(({ plan }) => plan ?? [])
    const ordered = sharingOrder(genotypes).flatMap((index) => plans[index] ?? [])
    expect(workOf(ordered)).toBeLessThan(workOf(plans))
    // The key of a genotype begins with the depths, which tell less about where two networks part.
    expect(workOf(ordered)).toBeLessThanOrEqual(workOf(byKey) * 1.05)
  })
})
