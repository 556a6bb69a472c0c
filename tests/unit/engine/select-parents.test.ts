import { describe, expect, it } from 'vitest'
import { createParentSelection } from '../../../src-main/engine/search/select-parents.ts'
import type { MeasuredRecord } from '../../../src-main/engine/search/select-parents.ts'

function record(id: string, macs: number, accuracy: number | null, latencyMs?: number): MeasuredRecord {
  return { id, macs, accuracy, metrics: latencyMs === undefined ? {} : { latencyMs } }
}

const CHEAP = record('cheap', 10, 0.5, 9)
const BEST = record('best', 20, 0.8, 8)
/** Dominated by `best` in accuracy and MACs, but the fastest. */
const FAST = record('fast', 30, 0.7, 3)
/** Dominated in everything. */
const WORST = record('worst', 40, 0.4, 10)
const RECORDS = [WORST, FAST, BEST, CHEAP]

describe('the choice of parents', () => {
  it.each([[undefined], [false]])('measuresLatency %s: the front of accuracy and MACs', (measuresLatency) => {
    const select = createParentSelection({ measuresLatency, tail: 'cheap' })
    expect(select(RECORDS, 2)).toEqual([CHEAP, BEST])
  })

  it('with latency a network that is dominated but faster is a parent; one that is worse in all three is not', () => {
    const select = createParentSelection({ measuresLatency: true, tail: 'cheap' })
    expect(new Set(select(RECORDS, 3))).toEqual(new Set([CHEAP, BEST, FAST]))
    expect(select(RECORDS, 4)).toContain(WORST)
  })

  it('with latency a record without one, or without a score, is no parent', () => {
    const select = createParentSelection({ measuresLatency: true, tail: 'cheap' })
    expect(select([record('unmeasured', 1, 0.9), record('failed', 1, null, 1), CHEAP], 3)).toEqual([CHEAP])
  })
})
