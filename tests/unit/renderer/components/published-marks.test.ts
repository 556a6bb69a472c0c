import { describe, expect, it } from 'vitest'
import PublishedMarks from '../../../../src-renderer/components/chart/PublishedMarks.vue'
import type { PlotFrame } from '../../../../src-renderer/lib/plot-frame.ts'
import { createFakeEngine, mountWith } from '../support/fake-engine.ts'

const FRAME: PlotFrame = {
  ...{ width: 220, height: 120, left: 10, right: 10, top: 10, bottom: 10 },
  ...{ x: [0, 10], y: [0.7, 0.8] },
}
const mark = (name: string, giga: number, accuracy: number) => ({
  ...{ name, macs: giga * 2 ** 30, accuracy, about: `${name}: source` },
})
const mount = (marks: readonly ReturnType<typeof mark>[]): HTMLElement =>
  mountWith(createFakeEngine().engine, PublishedMarks, { frame: FRAME, marks, divisor: 2 ** 30 }).root

describe('PublishedMarks', () => {
  it('puts a hollow square at the place of each result inside the axes, with its name and source', () => {
    const root = mount([mark('HRNet W32', 5, 0.75), mark('too large', 20, 0.75), mark('too good', 5, 0.9)])
    const squares = [...root.querySelectorAll('rect')]
    expect(squares).toHaveLength(1)
    const [square] = squares
    // Half of both axes: 10 + 100 and 10 + 50, less half a square.
    expect(Number(square?.getAttribute('x'))).toBeCloseTo(105.5, 9)
    expect(Number(square?.getAttribute('y'))).toBeCloseTo(55.5, 9)
    expect(root.querySelector('text')?.textContent).toBe('HRNet W32')
    expect(root.querySelector('title')?.textContent).toBe('HRNet W32: source')
  })

  it('draws nothing when nothing matches', () => {
    expect(mount([]).querySelector('svg')).toBeNull()
  })
})
