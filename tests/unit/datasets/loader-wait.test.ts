import { describe, expect, it } from 'vitest'
import { meanLoaderWait } from '../../../src-main/contract/index.ts'

describe('meanLoaderWait', () => {
  it('sums waiting and step time, so a slow first step counts by its length', () => {
    // Batches of 8: one step of 2 s that waited 1 s, three of 0.5 s that waited 0, 0 and 0.1 s.
    const points = [
      { loaderWait: 0.5, imagesPerSecond: 4 },
      { loaderWait: 0, imagesPerSecond: 16 },
      { loaderWait: 0, imagesPerSecond: 16 },
      { loaderWait: 0.2, imagesPerSecond: 16 },
    ]
    expect(meanLoaderWait(points)).toBeCloseTo(1.1 / 3.5, 12)
  })

  it('has no answer without points', () => {
    expect(meanLoaderWait([])).toBeNull()
  })
})
