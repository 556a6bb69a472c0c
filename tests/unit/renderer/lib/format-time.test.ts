import { describe, expect, it } from 'vitest'
import { formatDuration, formatMoment } from '../../../../src-renderer/lib/format-time.ts'

describe('formatDuration', () => {
  it.each([
    [0.181, '181 ms'],
    [4.26, '4.3 s'],
    [41, '41 s'],
    [89.4, '89 s'],
    [34 * 60, '34 min'],
    [3599, '1 h'],
    [3600 + 52 * 60, '1 h 52 min'],
    [86_400 + 17 * 3600, '1 day 17 h'],
    [2 * 86_400, '2 days'],
  ])('%d s → %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  it('carries a rounded part over', () => {
    expect(formatDuration(86_400 - 10)).toBe('24 h')
    expect(formatDuration(7199)).toBe('2 h')
  })

  it('says so when it does not know', () => {
    expect(formatDuration(null)).toBe('unknown')
    expect(formatDuration(Infinity)).toBe('unknown')
  })
})

describe('formatMoment', () => {
  const now = new Date(2026, 10, 24, 15, 0).getTime()
  it.each([
    [new Date(2026, 10, 24, 3, 38), '03:38'],
    [new Date(2026, 10, 23, 23, 59), 'yesterday'],
    [new Date(2026, 10, 22, 12, 0), 'Sunday'],
    [new Date(2026, 10, 12, 12, 0), '12 Nov'],
  ])('%s → %s', (at, text) => {
    expect(formatMoment(at.getTime(), now)).toBe(text)
  })
})
