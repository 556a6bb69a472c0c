import { describe, expect, it } from 'vitest'
import { parseSegment } from '../../src-main/datasets/coco/parse-segment.ts'
import { paintSegment } from '../../src-main/datasets/segment.ts'
import { readCopiedJson } from '../support/read-npz.ts'

interface GoldenMasks {
  readonly cases: readonly {
    readonly name: string
    readonly width: number
    readonly height: number
    readonly segmentation: unknown
    /** Run lengths row by row, zeros first. */
    readonly rows: readonly number[]
  }[]
}

describe('masks of COCO segments', () => {
  it.each(readCopiedJson<GoldenMasks>('segment-masks.json').cases)(
    'equal those of pycocotools: $name',
    ({ width, height, segmentation, rows }) => {
      const segment = parseSegment(segmentation)
      const mask = new Uint8Array(width * height)
      if (segment !== null) {
        paintSegment(mask, { width, height }, segment, 1)
      }
      expect(rowsOf(mask)).toEqual(rows)
    },
  )

  it.each([
    ['nothing', undefined],
    ['no polygon', []],
    ['two corners', [[0, 0, 1, 1]]],
    ['a text that is none of COCO', { size: [4, 4], counts: '\u0001' }],
    ['negative lengths', { size: [4, 4], counts: [1, -1] }],
    ['no size', { size: 4, counts: [16] }],
  ])('takes %s for no segment', (_name, segmentation) => {
    expect(parseSegment(segmentation)).toBeNull()
  })

  it('refuses runs of another size', () => {
    const segment = { kind: 'runs', width: 4, height: 4, lengths: Uint32Array.of(16) } as const
    expect(() => {
      paintSegment(new Uint8Array(20), { width: 5, height: 4 }, segment, 1)
    }).toThrow('a segment of 4 x 4 pixels in a picture of 5 x 4')
  })
})

function rowsOf(mask: Uint8Array): number[] {
  const rows = [0]
  let current = 0
  for (const value of mask) {
    if (value !== current) {
      rows.push(0)
      current = value
    }
    rows.push((rows.pop() ?? 0) + 1)
  }
  return rows
}
