import { describe, expect, it } from 'vitest'
import { pictureMemory } from '../../../src-main/worker/picture-memory.ts'

const GIGABYTE = 1e9

describe('memory for decoded pictures', () => {
  it.each([
    ['a sixteenth of the memory', 16 * GIGABYTE, GIGABYTE],
    ['256 MB at least', GIGABYTE, 0.256 * GIGABYTE],
    ['4,096 MB at most', 1000 * GIGABYTE, 4.096 * GIGABYTE],
  ])('is %s', (_, machine, expected) => {
    expect(pictureMemory({}, machine)).toBe(expected)
  })

  it('is what the configuration says, whatever the machine has', () => {
    expect(pictureMemory({ pictureMemory: 0 }, 16 * GIGABYTE)).toBe(0)
    expect(pictureMemory({ pictureMemory: 10_000 }, GIGABYTE)).toBe(10 * GIGABYTE)
  })

  it('is that of this machine unless told', () => {
    const here = pictureMemory({})
    expect(here).toBeGreaterThanOrEqual(0.256 * GIGABYTE)
    expect(here).toBeLessThanOrEqual(4.096 * GIGABYTE)
  })
})
