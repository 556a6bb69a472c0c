import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recentlyUsed } from '../../../src-main/compute/tensorflow/recently-used.ts'

describe('recentlyUsed', () => {
  it('holds the keys asked for last, each once, whatever the order', () => {
    const cases = fc.record({
      capacity: fc.integer({ min: 1, max: 6 }),
      keys: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 }),
    })
    fc.assert(
      fc.property(cases, ({ capacity, keys }) => {
        const live = new Map<number, number>()
        let made = 0
        const ask = recentlyUsed(
          capacity,
          (key: number) => {
            made += 1
            live.set(made, key)
            return made
          },
          (value) => {
            expect(live.delete(value)).toBe(true)
          },
        )
        keys.forEach((key, i) => {
          expect(live.get(ask(key))).toBe(key)
          const latest = [...new Set(keys.slice(0, i + 1).toReversed())].slice(0, capacity)
          expect([...live.values()].toSorted()).toEqual(latest.toSorted())
        })
      }),
      { numRuns: 200 },
    )
  })
})
