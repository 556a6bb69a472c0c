import { describe, expect, it } from 'vitest'
import type { GenotypeJson } from '../../../src-main/contract/index.ts'
import { chooseLease } from '../../../src-main/engine/search/choose-lease.ts'

/** One module of two branches; `edges` are the fusions of its one step. */
function row(id: string, edges: readonly [number, number], macs = 10, crashes = 0) {
  const [down, up] = edges
  const fusion = [
    [
      [1, up],
      [down, 1],
    ],
  ]
  const genotype: GenotypeJson = {
    ...{ task: 'pose', width: 8, maxDepth: 1 },
    stages: [{ name: 'stage2', modules: [{ branches: 2, depths: [1, 1], fusion }] }],
  }
  return { id, genotype, macs, crashes }
}

const ids = (rows: readonly { readonly id: string }[]): string => rows.map(({ id }) => id).join('')
const measured = { workers: 1, millisecondsEach: 1000, shares: true }
const many = Array.from({ length: 200 }, (_, index) => row(`${String(index)} `, [0, 0]))

describe('the next lease', () => {
  const mixed = [row('a', [1, 1]), row('b', [0, 0]), row('c', [1, 1]), row('d', [0, 0]), row('e', [0, 1])]

  it('holds neighbours of the order in which candidates share most', () => {
    expect(ids(chooseLease(mixed, measured))).toBe('bdeac')
    expect(ids(chooseLease(mixed, { ...measured, workers: 2 }))).toBe('bde')
  })

  it('is a part of the multiply-adds, not of the rows', () => {
    const uneven = [row('a', [0, 0], 60), row('b', [0, 0], 20), row('c', [0, 0], 20)]
    expect(ids(chooseLease(uneven, { ...measured, workers: 2 }))).toBe('a')
  })

  it('is small before anything was measured, then as long as a minute, at most 64', () => {
    expect(chooseLease(many, { ...measured, millisecondsEach: null })).toHaveLength(4)
    expect(chooseLease(many, measured)).toHaveLength(60)
    expect(chooseLease(many, { ...measured, millisecondsEach: 5 })).toHaveLength(64)
    expect(chooseLease(many, { ...measured, millisecondsEach: 1e6 })).toHaveLength(4)
    expect(chooseLease(many, { ...measured, shares: false })).toHaveLength(4)
  })

  it('leaves rows that a worker died with for the end, and then alone', () => {
    const rows = [row('a', [0, 0], 10, 1), row('b', [1, 1]), row('c', [0, 0], 10, 2)]
    expect(ids(chooseLease(rows, measured))).toBe('b')
    expect(ids(chooseLease([rows[0] ?? row('x', [0, 0]), rows[2] ?? row('x', [0, 0])], measured))).toBe('a')
    expect(chooseLease([], measured)).toEqual([])
  })

  it('gives every row out exactly once', () => {
    let left = many
    const seen: string[] = []
    while (left.length > 0) {
      const lease = chooseLease(left, { ...measured, workers: 3 })
      expect(lease.length).toBeGreaterThan(0)
      seen.push(...lease.map(({ id }) => id))
      left = left.filter((candidate) => !lease.includes(candidate))
    }
    expect(new Set(seen).size).toBe(many.length)
    expect(seen).toHaveLength(many.length)
  })
})
