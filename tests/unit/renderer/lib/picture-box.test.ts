import { describe, expect, it } from 'vitest'
import { labelShares } from '../../../../src-renderer/lib/class-statistics.ts'
import { jointErrors } from '../../../../src-renderer/lib/joint-errors.ts'
import { boxBetween, boxText, parseBoxText } from '../../../../src-renderer/lib/picture-box.ts'

describe('the box of a person', () => {
  it('is typed as the command takes it', () => {
    expect(parseBoxText(' 40, 10,120 ,300')).toEqual([40, 10, 120, 300])
    expect(boxText([40.4, 9.6, 120, 300])).toBe('40, 10, 120, 300')
    for (const text of ['', '1,2,3', '1,2,3,4,5', '1,2,0,4', '1,2,3,-4', 'a,b,c,d', '1,,3,4']) {
      expect(parseBoxText(text), text).toBeNull()
    }
  })

  it('is drawn between two points in any direction, and ends with the picture', () => {
    const size = { width: 400, height: 200 }
    expect(boxBetween({ x: 0.75, y: 0.5 }, { x: 0.25, y: 0.1 }, size)).toEqual([100, 20, 200, 80])
    expect(boxBetween({ x: -3, y: 0.5 }, { x: 0.5, y: 7 }, size)).toEqual([0, 100, 200, 100])
    expect(boxBetween({ x: 0.5, y: 0.5 }, { x: 0.502, y: 0.9 }, size)).toBeNull()
  })
})

describe('a picture without truth', () => {
  it('shows the share of each class', () => {
    expect(labelShares(Uint8Array.of(0, 1, 1, 255), 3)).toEqual([0.25, 0.5, 0])
  })

  it('shows the least sure joints first', () => {
    const skeleton = { joints: ['a', 'b'], sides: ['left', 'right'] as const }
    const rows = jointErrors(skeleton, [[0, 0, 0.9], [1, 1, 0.2]], null) // prettier-ignore
    expect(rows.map(({ name, offBy }) => [name, offBy])).toEqual([
      ['b', null],
      ['a', null],
    ])
  })
})
