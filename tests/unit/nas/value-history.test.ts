import { describe, expect, it } from 'vitest'
import { drawInitialPopulation } from '../../../src-main/nas/evolution/initial-population.ts'
import { planNetwork } from '../../../src-main/nas/network-plan.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { remainingPlan, sharePlans, valueBytes } from '../../../src-main/nas/shared-plan.ts'
import { ValueHistory } from '../../../src-main/nas/value-history.ts'
import { smallShape as shape, smallSpace as space } from '../../support/small-space.ts'

const plans = drawInitialPopulation(space, 30, createRandom(3, 'search')).members.map(({ genotype }) =>
  planNetwork(space, shape, genotype),
)

describe('the history of values', () => {
  it('gives equal expressions of several groups one id, as a group of all has them', () => {
    const history = new ValueHistory()
    const ids = [plans.slice(0, 10), plans.slice(5, 30)].map((group) => history.record(sharePlans(group)))
    expect(history.size).toBe(sharePlans(plans).nodes.length)
    const outputs = [plans.slice(0, 10), plans.slice(5, 30)].map((group, index) =>
      sharePlans(group).outputs.map(([value = -1]) => ids[index]?.get(value)),
    )
    expect(outputs[0]?.slice(5)).toEqual(outputs[1]?.slice(0, 5))
  })

  it('keeps what several nodes read, within the memory, the most worthy first', () => {
    const history = new ValueHistory()
    const shared = sharePlans(plans)
    const ids = history.record(shared)
    const readers = new Map<number, number>()
    shared.nodes.forEach((node) => {
      const inputs = 'inputs' in node ? node.inputs : [node.input]
      new Set(inputs).forEach((input) => readers.set(input, (readers.get(input) ?? 0) + 1))
    })
    const worthy = shared.nodes.filter(({ output }) => (readers.get(output) ?? 0) >= 2)
    const all = history.choose(ids.values(), Number.POSITIVE_INFINITY)
    expect([...all].toSorted((a, b) => a - b)).toEqual(
      worthy.map(({ output }) => ids.get(output) ?? -1).toSorted((a, b) => a - b),
    )
    const bytes = worthy.reduce((sum, node) => sum + valueBytes(node), 0)
    expect(history.bytesOf(all)).toBe(bytes)
    const some = history.choose(ids.values(), bytes / 4)
    expect(history.bytesOf(some)).toBeLessThanOrEqual(bytes / 4)
    expect(some.size).toBeGreaterThan(0)
    expect(history.choose(ids.values(), 0).size).toBe(0)
  })
})

describe('what is left of a shared plan', () => {
  const shared = sharePlans(plans)

  it('is everything without given values, and nothing of plans whose outputs are given', () => {
    const all = remainingPlan(shared, [...plans.keys()], new Set())
    expect({ ...all, macs: 0 }).toEqual({ ...shared, macs: 0 })
    expect(all.macs).toBe(shared.macs)
    const outputs = new Set(shared.outputs.flat())
    const none = remainingPlan(shared, [...plans.keys()], outputs)
    expect([none.nodes.length, none.macs]).toEqual([0, 0])
    expect(none.outputs).toEqual(shared.outputs)
  })

  it('runs every value that is read and not given, in order, before the plan that needs it', () => {
    const given = new Set(shared.nodes.filter((_, index) => index % 7 === 3).map(({ output }) => output))
    const wanted = [2, 5, 17]
    const left = remainingPlan(shared, wanted, given)
    const made = new Set([0, ...given])
    let position = 0
    left.ends.forEach((end, plan) => {
      for (; position < end; position++) {
        const node = left.nodes[position]
        const inputs = node === undefined ? [] : 'inputs' in node ? node.inputs : [node.input]
        expect(inputs.filter((input) => !made.has(input))).toEqual([])
        expect(given.has(node?.output ?? -1)).toBe(false)
        made.add(node?.output ?? -1)
      }
      expect(left.outputs[plan]).toEqual(shared.outputs[wanted[plan] ?? -1])
      expect(left.outputs[plan]?.filter((value) => !made.has(value))).toEqual([])
    })
    expect(position).toBe(left.nodes.length)
  })
})
