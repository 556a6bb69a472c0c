import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logTicks } from '../../../../src-renderer/lib/log-ticks.ts'
import { niceTicks } from '../../../../src-renderer/lib/nice-ticks.ts'
import { paddedExtent } from '../../../../src-renderer/lib/padded-extent.ts'
import { isInside, toPixel, toValue } from '../../../../src-renderer/lib/plot-frame.ts'
import type { PlotFrame } from '../../../../src-renderer/lib/plot-frame.ts'

describe('niceTicks', () => {
  it('stands at round numbers inside the range', () => {
    expect(niceTicks([0.081, 0.121], 4)).toEqual({ values: [0.09, 0.1, 0.11, 0.12], step: 0.01, digits: 2 })
    expect(niceTicks([3.7, 7.9], 8).values).toEqual([4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5])
  })

  it('keeps to the range, is ascending and about as many as wanted', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.integer({ min: 3, max: 9 }),
        (low, span, count) => {
          const { values, step } = niceTicks([low, low + span], count)
          const slack = step * 1e-6
          expect(values.every((value) => value >= low - slack && value <= low + span + slack)).toBe(true)
          // A step is off by less than the square root of the widest gap between factors, 2.
          expect(values.length).toBeLessThanOrEqual(count * 1.5 + 1)
          expect(values.length).toBeGreaterThanOrEqual(Math.floor(count / 1.5))
        },
      ),
    )
  })

  it('refuses a range without extent', () => {
    expect(() => niceTicks([1, 1])).toThrow(RangeError)
  })
})

describe('logTicks', () => {
  it('stands at decades where there are enough', () => {
    expect(logTicks([0.001, 10])).toEqual([0.001, 0.01, 0.1, 1, 10])
  })

  it('fills decades where there are few', () => {
    expect(logTicks([0.4, 2.1])).toEqual([0.5, 0.7, 1, 1.5, 2])
  })

  it('is evenly spaced within a small part of a decade', () => {
    expect(logTicks([0.0044, 0.0067])).toEqual([0.0045, 0.005, 0.0055, 0.006, 0.0065])
  })

  it('refuses zero', () => {
    expect(() => logTicks([0, 1])).toThrow(RangeError)
  })
})

describe('paddedExtent', () => {
  it('leaves room on both sides and ignores what is not finite', () => {
    expect(paddedExtent([1, NaN, 3], 0.1)).toEqual([0.8, 3.2])
  })

  it('gives a single value a range around it', () => {
    expect(paddedExtent([4])).toEqual([3.8, 4.2])
    expect(paddedExtent([0])).toEqual([-1, 1])
  })

  it('has none for no values', () => {
    expect(paddedExtent([])).toBeNull()
  })
})

describe('PlotFrame', () => {
  const frame: PlotFrame = {
    width: 200,
    height: 100,
    left: 20,
    right: 30,
    top: 10,
    bottom: 15,
    x: [0, 10],
    y: [0.5, 1],
  }

  it('puts the corners of the ranges at the corners of the plot', () => {
    expect(toPixel(frame, { x: 0, y: 0.5 })).toEqual({ x: 20, y: 85 })
    expect(toPixel(frame, { x: 10, y: 1 })).toEqual({ x: 170, y: 10 })
  })

  it('comes back from pixels to values', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 15, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        (x, y) => {
          const back = toValue(frame, toPixel(frame, { x, y }))
          expect(back.x).toBeCloseTo(x, 9)
          expect(back.y).toBeCloseTo(y, 9)
        },
      ),
    )
  })

  it('knows what lies outside of the plot', () => {
    expect(isInside(frame, { x: 20, y: 85 })).toBe(true)
    expect(isInside(frame, { x: 175, y: 50 })).toBe(false)
  })
})
