import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  selectNonDominated,
  selectPeeledFronts,
} from '../../../../src-main/nas/evolution/select-peeled-fronts.ts'
import { paretoFront } from '../../../../src-main/nas/pareto/pareto-front.ts'

const arbitraryRecords = fc
  .array(
    fc.record({
      macs: fc.integer({ min: 1, max: 12 }),
      accuracy: fc.constantFrom(0.1, 0.2, 0.3, 0.4, 0.5, null, Number.NaN),
    }),
    { maxLength: 30 },
  )
  .map((points) => points.map((point, index) => ({ ...point, id: `r${String(index)}` })))

function idsOf(records: readonly { readonly id: string }[]): string {
  return records.map(({ id }) => id).join(' ')
}

const staircase = [
  { id: 'a', macs: 1, accuracy: 0.1 },
  { id: 'b', macs: 2, accuracy: 0.2 },
  { id: 'c', macs: 3, accuracy: 0.21 },
  { id: 'd', macs: 9, accuracy: 0.9 },
  { id: 'under b', macs: 2.5, accuracy: 0.15 },
  { id: 'under d', macs: 10, accuracy: 0.8 },
]

describe('selectPeeledFronts', () => {
  it('takes the Pareto front first, then the front of the rest', () => {
    expect(idsOf(selectPeeledFronts(staircase, 6))).toBe('a b c d under b under d')
  })

  it('takes a last front from its cheap end, or its least crowded points', () => {
    expect(idsOf(selectPeeledFronts(staircase, 3))).toBe('a b c')
    expect(idsOf(selectPeeledFronts(staircase, 3, { tail: 'crowding' }))).toBe('a c d')
    expect(idsOf(selectPeeledFronts(staircase, 5, { tail: 'crowding' }))).toBe('a b c d under b')
  })

  it('equals the pseudo code of method.md 7.3 record by record', () => {
    fc.assert(
      fc.property(arbitraryRecords, fc.nat(35), (records, count) => {
        expect(idsOf(selectPeeledFronts(records, count))).toBe(idsOf(pseudoCode(records, count)))
      }),
    )
  })

  it('does not depend on the order of the records', () => {
    fc.assert(
      fc.property(arbitraryRecords, fc.nat(35), (records, count) => {
        const turned = selectPeeledFronts(records.toReversed(), count)
        expect(idsOf(turned)).toBe(idsOf(selectPeeledFronts(records, count)))
      }),
    )
  })

  it('starts with the Pareto front, one of each group of twins, and never takes a record without a score', () => {
    fc.assert(
      fc.property(arbitraryRecords, (records) => {
        const front = paretoFront(records)
        const distinct = new Set(front.map(({ macs }) => macs)).size
        const chosen = selectPeeledFronts(records, distinct)
        expect(chosen.every((record) => front.includes(record))).toBe(true)
        const all = selectPeeledFronts(records, records.length)
        expect(all.length).toBe(records.filter(({ accuracy }) => Number.isFinite(accuracy)).length)
      }),
    )
  })

  it('lets a dominated tie enter only in the order of the reference', () => {
    const ties = [
      { id: 'worse', macs: 1, accuracy: 0.1 },
      { id: 'better', macs: 1, accuracy: 0.2 },
    ]
    expect(idsOf(selectPeeledFronts(ties, 1))).toBe('better')
    expect(idsOf(selectPeeledFronts(ties, 1, { ties: 'given' }))).toBe('worse')
  })

  it('refuses a count that is none', () => {
    expect(() => selectPeeledFronts(staircase, -1)).toThrow('count must be a non-negative integer, got -1')
    expect(() => selectPeeledFronts(staircase, 1.5)).toThrow(RangeError)
  })
})

describe('selectNonDominated', () => {
  const toMinimized = ({ macs, accuracy }: { macs: number; accuracy: number | null }): [number, number] => [
    macs,
    -(accuracy ?? Number.NaN),
  ]

  it('takes the same records as peeled fronts with the crowding tail, for two objectives without twins', () => {
    fc.assert(
      fc.property(arbitraryRecords, fc.nat(35), (records, count) => {
        const distinct = [
          ...new Map(
            records.map((record) => [`${String(record.macs)} ${String(record.accuracy)}`, record]),
          ).values(),
        ]
        const peeled = selectPeeledFronts(distinct, count, { tail: 'crowding' })
        const sorted = selectNonDominated(distinct, count, toMinimized)
        expect(new Set(sorted)).toEqual(new Set(peeled))
      }),
    )
  })

  it('keeps a slow, accurate network that three objectives justify', () => {
    const records = [
      { id: 'a', macs: 1, accuracy: 0.5, latencyMs: 9 },
      { id: 'b', macs: 2, accuracy: 0.4, latencyMs: 1 },
      { id: 'c', macs: 3, accuracy: 0.4, latencyMs: 2 },
      { id: 'lost', macs: 1, accuracy: 0.5, latencyMs: Number.NaN },
    ]
    const chosen = selectNonDominated(records, 2, ({ macs, accuracy, latencyMs }) => [
      macs,
      -accuracy,
      latencyMs,
    ])
    expect(idsOf(chosen)).toBe('a b')
    expect(idsOf(selectNonDominated(records, 2, toMinimized))).toBe('a lost')
  })
})

type Entry = { readonly id: string; readonly macs: number; readonly accuracy: number | null }

/** The text of method.md 7.3, line by line. */
function pseudoCode(records: readonly Entry[], k: number): Entry[] {
  let rest = records
    .filter(({ accuracy }) => accuracy !== null && !Number.isNaN(accuracy))
    .toSorted((a, b) => {
      const byAccuracy = (b.accuracy ?? 0) - (a.accuracy ?? 0)
      return a.macs - b.macs || byAccuracy || (a.id < b.id ? -1 : 1)
    })
  const out: Entry[] = []
  while (out.length < k && rest.length > 0) {
    let best = -Infinity
    const keep: Entry[] = []
    for (const record of rest) {
      if (out.length < k && (record.accuracy ?? 0) > best) {
        out.push(record)
        best = record.accuracy ?? 0
      } else {
        keep.push(record)
      }
    }
    rest = keep
  }
  return out
}
