import { describe, expect, it } from 'vitest'
import { coverWithWindows, scaledSize } from '../../../../src-main/vision/segmentation/scale-windows.ts'

describe('windows of multi-scale inference', () => {
  it('makes the long side base x scale', () => {
    expect(scaledSize({ height: 360, width: 480 }, 480, 0.5)).toEqual({ height: 180, width: 240 })
    expect(scaledSize({ height: 480, width: 360 }, 480, 1.25)).toEqual({ height: 600, width: 450 })
  })

  it.each([
    [100, 64],
    [128, 64],
    [65, 64],
    [40, 64],
  ])('covers %i pixels by windows of %i without leaving the picture', (length, crop) => {
    const windows = coverWithWindows({ height: length, width: 30 }, { height: crop, width: 64 })
    const covered = new Set(
      windows.flatMap(({ top, height }) => Array.from({ length: height }, (_, row) => top + row)),
    )
    expect([covered.size, Math.min(...covered), Math.max(...covered)]).toEqual([length, 0, length - 1])
    expect(windows).toHaveLength(Math.max(1, Math.ceil(length / crop)))
  })
})
