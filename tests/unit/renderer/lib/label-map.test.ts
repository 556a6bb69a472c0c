import { describe, expect, it } from 'vitest'
import { labelMapStatistics } from '../../../../src-renderer/lib/class-statistics.ts'
import {
  colorizeErrors,
  colorizeLabels,
  labelOutlines,
  parseHexColor,
} from '../../../../src-renderer/lib/label-map.ts'

const IGNORE = 255
const palette = ['#ff0000', '#00ff00']
const style = { palette, ignoreLabel: IGNORE, hiddenClasses: new Set<number>(), fill: 0.5 }

describe('colorizeLabels', () => {
  it('gives each class its colour and leaves ignored pixels transparent', () => {
    const pixels = colorizeLabels(Uint8Array.of(0, 1, IGNORE), style)
    expect([...pixels]).toEqual([255, 0, 0, 128, 0, 255, 0, 128, 0, 0, 0, 0])
  })

  it('hides classes and indices without a colour', () => {
    const pixels = colorizeLabels(Uint8Array.of(0, 1, 7), { ...style, hiddenClasses: new Set([1]) })
    expect([3, 7, 11].map((index) => pixels[index])).toEqual([128, 0, 0])
  })
})

describe('labelOutlines', () => {
  it('finds the edges inside the map only', () => {
    // 0 0 1
    // 0 1 1
    const outlines = labelOutlines(Uint8Array.of(0, 0, 1, 0, 1, 1), 3)
    expect(outlines.get(0)).toEqual(
      [
        { x0: 1, y0: 1, x1: 2, y1: 1 },
        { x0: 2, y0: 0, x1: 2, y1: 1 },
        { x0: 1, y0: 1, x1: 1, y1: 2 },
      ].toSorted((a, b) => a.y0 - b.y0 || b.x0 - a.x0),
    )
    expect(outlines.has(1)).toBe(false)
  })
})

describe('colorizeErrors', () => {
  it('marks where a counted pixel is wrong', () => {
    const pixels = colorizeErrors(Uint8Array.of(0, 1, 0), Uint8Array.of(0, 0, IGNORE), IGNORE, '#ff3b6b')
    expect([3, 7, 11].map((index) => (pixels[index] ?? 0) > 0)).toEqual([false, true, false])
  })
})

describe('parseHexColor', () => {
  it('reads six digits and refuses anything else', () => {
    expect(parseHexColor('#4cc9ff')).toEqual([76, 201, 255])
    expect(() => parseHexColor('red')).toThrow("got 'red'")
  })
})

describe('labelMapStatistics', () => {
  it('counts shares of the truth, unions and confusions of one picture', () => {
    const truth = Uint8Array.of(0, 0, 0, 1, IGNORE)
    const labels = Uint8Array.of(0, 0, 1, 1, 0)
    const { classes, confusions } = labelMapStatistics(labels, truth, 3, IGNORE)
    expect(classes.map((entry) => entry.truthShare)).toEqual([0.75, 0.25, 0])
    expect(classes.map((entry) => entry.intersectionOverUnion)).toEqual([2 / 3, 1 / 2, null])
    expect(confusions).toEqual([{ truth: 0, prediction: 1, share: 0.25 }])
  })
})
