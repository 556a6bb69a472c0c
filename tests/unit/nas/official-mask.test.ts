import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { fromOfficialMask, toOfficialMask } from '../../../src-main/nas/official-mask.ts'
import { createSearchSpace } from '../../../src-main/nas/search-space.ts'
import type { GenotypeValidation } from '../../../src-main/nas/validate-genotype.ts'
import { arbitraryGenotype } from './spaces.ts'

const space = createSearchSpace({
  task: 'segmentation',
  layout: [[2, 1]],
  depthChoices: [2, 3],
  evolveLastModule: true,
})

function codesOf(result: GenotypeValidation): string[] {
  return (result.ok ? result.warnings : result.problems).map(({ code, message }) => `${code} ${message}`)
}

describe('official mask', () => {
  it('round-trips any genotype', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ space: anySpace, genotype }) => {
        const mask = toOfficialMask(anySpace, genotype)
        expect(fromOfficialMask(anySpace, mask)).toEqual({ ok: true, genotype, warnings: [] })
      }),
    )
  })

  it('fills every step up to the deepest choice, zeros after the depth of a target', () => {
    const [first] = largestGenotype(space).modules
    expect(first?.depths).toEqual([3, 3])
    const mixed = fromOfficialMask(space, [
      {
        d: [2, 3],
        f: [
          [
            [1, 1],
            [1, 0],
            [0, 0],
          ],
          [
            [1, 1],
            [0, 1],
            [1, 1],
          ],
        ],
      },
    ])
    expect(mixed.ok && toOfficialMask(space, mixed.genotype)).toEqual([
      {
        d: [2, 3],
        f: [
          [
            [1, 1],
            [1, 0],
            [0, 0],
          ],
          [
            [1, 1],
            [0, 1],
            [1, 1],
          ],
        ],
      },
    ])
  })

  it('reads target, step, source into step, target, source, and depths of shape [n, 1]', () => {
    const result = fromOfficialMask(space, [
      {
        d: [[2], [3]],
        f: [
          [
            [1, 1],
            [1, 0],
          ],
          [
            [0, 1],
            [1, 1],
            [0, 1],
          ],
        ],
      },
    ])
    expect(result.ok && result.genotype.modules).toEqual([
      {
        depths: [2, 3],
        fusion: [
          [
            [1, 1],
            [0, 1],
          ],
          [
            [1, 0],
            [1, 1],
          ],
          [
            [1, 0],
            [0, 1],
          ],
        ],
      },
    ])
  })

  it('takes short placeholders only after the depth of their target', () => {
    const three = createSearchSpace({
      task: 'segmentation',
      layout: [
        [2, 1],
        [3, 1],
      ],
      depthChoices: [1, 2],
      evolveLastModule: true,
    })
    const stage2 = {
      d: [1, 1],
      f: [
        [
          [1, 0],
          [0, 0],
        ],
        [
          [0, 1],
          [0, 0],
        ],
      ],
    }
    const stage3 = (row: readonly number[]): object => ({
      d: [1, 2, 1],
      f: [
        [
          [1, 0, 0],
          [0, 0],
        ],
        [[0, 1, 0], row],
        [
          [0, 0, 1],
          [0, 0],
        ],
      ],
    })
    expect(fromOfficialMask(three, [stage2, stage3([1, 1, 0])]).ok).toBe(true)
    expect(codesOf(fromOfficialMask(three, [stage2, stage3([0, 0])]))).toEqual([
      'SHAPE stage3.0 step 1, target 1: 2 sources, expected 3',
    ])
  })

  it('sets the bit of a branch for itself, with a warning', () => {
    const result = fromOfficialMask(space, [
      {
        d: [2, 2],
        f: [
          [
            [0, 0],
            [0, 1],
          ],
          [
            [0, 0],
            [0, 7],
          ],
        ],
      },
    ])
    expect(codesOf(result)).toEqual(
      ['0, 0 → 0', '0, 1 → 1', '1, 0 → 0', '1, 1 → 1'].map(
        (edge) => `SELF stage2.0 step ${edge}: set to 1, a branch always keeps itself`,
      ),
    )
    expect(result.ok && result.genotype.modules[0]?.fusion[1]).toEqual([
      [1, 1],
      [0, 1],
    ])
  })

  it('clears a fusion after the last step with a warning, and reads nothing else there', () => {
    const mask = (after: unknown): readonly unknown[] => [
      {
        d: [2, 2],
        f: [
          [[1, 0], [1, 0], after],
          [
            [0, 1],
            [0, 1],
            ['?', 1, 1, 1],
          ],
        ],
      },
    ]
    expect(codesOf(fromOfficialMask(space, mask([0, 1])))).toEqual([
      'LATE stage2.0 step 2, 1 → 0: cleared, the module has no such step',
    ])
    for (const after of [[0, 0], [7, 'x'], null, []]) {
      expect(codesOf(fromOfficialMask(space, mask(after)))).toEqual([])
    }
  })

  it('names depths that are missing', () => {
    const { f } = { f: [[[1, 0]], [[0, 1]]] }
    expect(codesOf(fromOfficialMask(space, [{ f }]))).toEqual([
      'DEPTH stage2.0 branch 0: depth (missing) is not one of 2, 3',
      'DEPTH stage2.0 branch 1: depth (missing) is not one of 2, 3',
    ])
  })

  it('refuses late bits unless asked to clear them', () => {
    const mask = [
      {
        d: [2, 3],
        f: [
          [
            [1, 0],
            [1, 0],
            [0, 1],
          ],
          [
            [0, 1],
            [0, 1],
            [0, 1],
          ],
        ],
      },
    ]
    expect(codesOf(fromOfficialMask(space, mask))).toEqual([
      'LATE stage2.0 step 2, 1 → 0: branch 0 has only 2 blocks, no search makes this; an import can clear it',
    ])
    expect(codesOf(fromOfficialMask(space, mask, { clearLate: true }))).toEqual([
      'LATE stage2.0 step 2, 1 → 0: branch 0 has only 2 blocks, cleared',
    ])
  })

  it.each([
    [[], 'LAYOUT expected 1 modules (1), found 0'],
    [[null], 'LAYOUT module stage2.0 has 2 branches, the file says 0'],
    [[{ d: [2, 2, 2], f: [[], [], []] }], 'LAYOUT module stage2.0 has 2 branches, the file says 3'],
    [
      [{ d: new Array<number>(100_000).fill(2), f: [] }],
      'LAYOUT module stage2.0 has 2 branches, the file says 100000',
    ],
    [[{ d: [2, 2n], f: [[], []] }], 'DEPTH stage2.0 branch 1: depth 2n is not one of 2, 3'],
    [[{ d: [2, 6], f: [[], []] }], 'DEPTH stage2.0 branch 1: depth 6 is not one of 2, 3'],
    [[{ d: [2, 1e9], f: [[], []] }], 'DEPTH stage2.0 branch 1: depth 1000000000 is not one of 2, 3'],
    [
      [{ d: [2, 3], f: [[[1, 0]], [[0, 1]]] }],
      'SHAPE stage2.0: fusion has 1 steps, the deepest branch needs 3',
    ],
    [
      [
        {
          d: [2, 2],
          f: [
            [
              [1, 3],
              [1, 0],
            ],
            [
              [0, 1],
              [0, 1],
            ],
          ],
        },
      ],
      'BIT stage2.0 step 0, 1 → 0: found 3',
    ],
  ])('names what is wrong: case %#', (mask, message) => {
    expect(codesOf(fromOfficialMask(space, mask))).toEqual([message])
  })

  it('answers anything at all with a value', () => {
    fc.assert(
      fc.property(fc.array(fc.anything({ withBigInt: true }), { maxLength: 2 }), (mask) => {
        expect(fromOfficialMask(space, mask).ok).toBe(false)
      }),
    )
  })
})
