import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyAffine, invertAffine, type Affine } from '../../../src-main/vision/affine.ts'

/** Hundredths: `fc.double` draws bit patterns, most of them near 0, so that nearly every map would be singular. */
const entry = fc.integer({ min: -5000, max: 5000 }).map((hundredths) => hundredths / 100)

describe('invertAffine', () => {
  it('brings every point back, for maps that are not nearly singular', () => {
    fc.assert(
      fc.property(fc.tuple(entry, entry, entry, entry, entry, entry), entry, entry, (map, x, y) => {
        fc.pre(Math.abs(map[0] * map[4] - map[1] * map[3]) > 1)
        const [there, below] = applyAffine(map, x, y)
        const [backX, backY] = applyAffine(invertAffine(map), there, below)
        // Condition of such a map is below 1e4, so float64 keeps ten digits of numbers up to 5,000.
        expect(Math.abs(backX - x)).toBeLessThan(1e-6)
        expect(Math.abs(backY - y)).toBeLessThan(1e-6)
      }),
    )
  })

  it('refuses a map onto a line', () => {
    const flat: Affine = [1, 2, 0, 2, 4, 0]
    expect(() => invertAffine(flat)).toThrow('determinant')
  })
})
