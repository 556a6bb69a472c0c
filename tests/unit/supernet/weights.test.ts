import { describe, expect, it } from 'vitest'
import { deviceShape, fromDeviceLayout, toDeviceLayout } from '../../../src-main/supernet/weights.ts'

/** Values that name their own place: the flat index in PyTorch layout. */
const SHAPE = [3, 2, 3, 4] as const
const numbered = Float32Array.from({ length: 72 }, (_, i) => i)

describe('device layout', () => {
  it('puts O, I, kh, kw at kh, kw, I, O', () => {
    const [, inputs, kh, kw] = SHAPE
    const onDevice = toDeviceLayout({ shape: SHAPE, values: numbered })
    const [h, w, i, o] = deviceShape({ shape: SHAPE })
    expect([h, w, i, o]).toEqual([3, 4, 2, 3])
    onDevice.forEach((value, position) => {
      const out = position % 3
      const input = Math.floor(position / 3) % 2
      const x = Math.floor(position / 6) % kw
      const y = Math.floor(position / (6 * kw))
      expect(value).toBe(((out * inputs + input) * kh + y) * kw + x)
    })
  })

  it('comes back as it went', () => {
    expect(fromDeviceLayout(toDeviceLayout({ shape: SHAPE, values: numbered }), SHAPE)).toEqual(numbered)
  })

  it('leaves vectors and scalars alone', () => {
    for (const shape of [[72], []]) {
      expect(deviceShape({ shape })).toEqual(shape)
      expect(toDeviceLayout({ shape, values: numbered })).toBe(numbered)
      expect(fromDeviceLayout(numbered, shape)).toBe(numbered)
    }
  })

  it('keeps 1x1 convolutions a transpose', () => {
    expect([...toDeviceLayout({ shape: [2, 3, 1, 1], values: Float32Array.of(0, 1, 2, 3, 4, 5) })]).toEqual([
      0, 3, 1, 4, 2, 5,
    ])
  })
})
