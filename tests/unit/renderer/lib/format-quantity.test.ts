import { describe, expect, it } from 'vitest'
import {
  formatAccuracy,
  formatBytes,
  formatExponent,
  formatMacs,
  formatParams,
  formatPowerOfTen,
  formatSmall,
  macsScale,
} from '../../../../src-renderer/lib/format-quantity.ts'

describe('formatMacs', () => {
  it('writes small networks in million multiply-adds', () => {
    expect(formatMacs(5_720_000)).toEqual({ value: '5.72', unit: 'M multiply-adds' })
  })

  it('counts giga in 2^30 as the paper does: HRNet-W48 at 256x192 is 14.6', () => {
    expect(formatMacs(14.6 * 2 ** 30)).toEqual({ value: '14.60', unit: 'GFLOPs' })
  })

  it('changes its unit at half a giga, for a number and for an axis alike', () => {
    expect(formatMacs(2 ** 29 - 1).unit).toBe('M multiply-adds')
    expect(formatMacs(2 ** 29).unit).toBe('GFLOPs')
    expect(macsScale(2 ** 29).divisor).toBe(2 ** 30)
    expect(macsScale(2 ** 29 - 1).divisor).toBe(1e6)
  })
})

describe('formatParams', () => {
  it.each([
    [2_009, '2,009'],
    [140_318, '140 k'],
    [58_012_345, '58.0 M'],
    [123_456_789, '123 M'],
  ])('%d → %s', (params, text) => {
    expect(formatParams(params)).toBe(text)
  })
})

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [38.2 * 2 ** 20, '38.2 MiB'],
    [412 * 2 ** 30, '412 GiB'],
  ])('%d → %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('other quantities', () => {
  it('an accuracy is a percentage, a missing one a dash', () => {
    expect(formatAccuracy(0.75411)).toBe('75.41')
    expect(formatAccuracy(null)).toBe('–')
  })

  it('a loss keeps three significant digits, a tiny one an exponent', () => {
    expect([2.5, 0.0532, 0.0004, 0, 123.45].map(formatSmall)).toEqual([
      '2.500',
      '0.0532',
      '4.0e-4',
      '0',
      '123.5',
    ])
  })

  it('a learning rate has an exponent and a real minus sign', () => {
    expect(formatExponent(0.001)).toBe('1.0e−3')
  })

  it('a space size is a power of ten', () => {
    expect(formatPowerOfTen(29.2)).toBe('1.6 × 10²⁹')
    expect(formatPowerOfTen(Math.log10(9.97e6))).toBe('1.0 × 10⁷')
  })
})
