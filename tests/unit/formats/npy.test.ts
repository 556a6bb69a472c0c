import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFloatNpy, encodeFloatNpy, readNpyHeader } from '../../../src-main/formats/npy.ts'
import { readStateDict } from '../../../src-main/formats/read-state-dict.ts'
import { goldenPath, hasShared, readNpz } from '../../support/read-npz.ts'

/** A file with a header of any text, as NumPy would frame it. */
function fileOf(header: string, data: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const length = version === 1 ? Buffer.of(header.length & 0xff, header.length >> 8) : Buffer.alloc(4)
  if (version > 1) {
    length.writeUInt32LE(header.length)
  }
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.of(version, 0),
    length,
    Buffer.from(header),
    data,
  ])
}

const headerOf = (descr: string, shape: string, order = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`

describe('.npy arrays', () => {
  it('round-trip bit by bit, in any shape', () => {
    const arrays = fc.array(fc.nat(4), { maxLength: 5 }).chain((shape) => {
      const length = shape.reduce((a, b) => a * b, 1)
      return fc.record({
        shape: fc.constant(shape),
        values: fc.float32Array({ minLength: length, maxLength: length }),
      })
    })
    fc.assert(
      fc.property(arrays, ({ shape, values }) => {
        const decoded = decodeFloatNpy(encodeFloatNpy({ shape, values }))
        expect(decoded.shape).toEqual(shape)
        expect(Buffer.from(decoded.values.buffer)).toEqual(
          Buffer.from(values.buffer, values.byteOffset, values.byteLength),
        )
      }),
    )
  })

  it('have the layout that NumPy documents: magic, version 1.0, padded header, values at a multiple of 64', () => {
    const file = Buffer.from(encodeFloatNpy({ shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) }))
    expect(file.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'))
    const length = file.readUInt16LE(8)
    expect((10 + length) % 64).toBe(0)
    expect(file.toString('latin1', 10, 10 + length)).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(2, 3\), \} *\n$/,
    )
    expect(file.length).toBe(10 + length + 24)
    expect(file.readFloatLE(10 + length + 20)).toBe(6)
    expect(readNpyHeader(encodeFloatNpy({ shape: [7], values: new Float32Array(7) })).shape).toEqual([7])
  })

  it.each([1, 2, 3])('are read from format version %d', (version) => {
    const data = new Uint8Array(Float32Array.of(1.5, -2).buffer)
    expect(decodeFloatNpy(fileOf(headerOf('<f4', '(2,)'), data, version))).toEqual({
      shape: [2],
      values: Float32Array.of(1.5, -2),
    })
  })

  it('become float32: half, double and big-endian numbers are converted', () => {
    // Bit patterns of IEEE 754 binary16: 1, -2, 65504, smallest subnormal 2^-24, infinity, not a number.
    const half = Uint8Array.from([0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, 0x00, 0x7c, 0x01, 0x7c])
    expect(decodeFloatNpy(fileOf(headerOf('<f2', '(6,)'), half)).values).toEqual(
      Float32Array.of(1, -2, 65504, 2 ** -24, Number.POSITIVE_INFINITY, Number.NaN),
    )
    const double = new Uint8Array(Float64Array.of(0.1, -1e300).buffer)
    expect(decodeFloatNpy(fileOf(headerOf('<f8', '(2,)'), double)).values).toEqual(
      Float32Array.of(Math.fround(0.1), Number.NEGATIVE_INFINITY),
    )
    expect(decodeFloatNpy(fileOf(headerOf('>f4', '(1,)'), Uint8Array.of(0x3f, 0x80, 0, 0))).values).toEqual(
      Float32Array.of(1),
    )
  })

  it('are put into C order when NumPy wrote them in Fortran order', () => {
    // [[1, 2, 3], [4, 5, 6]] column by column.
    const data = new Uint8Array(Float32Array.of(1, 4, 2, 5, 3, 6).buffer)
    expect(decodeFloatNpy(fileOf(headerOf('<f4', '(2, 3)', 'True'), data))).toEqual({
      shape: [2, 3],
      values: Float32Array.of(1, 2, 3, 4, 5, 6),
    })
  })

  it.each([
    ['text', Buffer.from('hello, this is no array'), /not an \.npy file/],
    ['version 9', fileOf(headerOf('<f4', '(0,)'), undefined, 9), /version 9/],
    ['bytes', fileOf(headerOf('|u1', '(2,)'), Uint8Array.of(1, 2)), /dtype "\|u1"; float32 is expected/],
    ['objects', fileOf(headerOf('|O', '(1,)'), Uint8Array.of(1)), /dtype "\|O"/],
    ['too few values', fileOf(headerOf('<f4', '(3,)'), new Uint8Array(8)), /needs 12 bytes, the file has 8/],
    ['too many values', fileOf(headerOf('<f4', '(1,)'), new Uint8Array(8)), /needs 4 bytes, the file has 8/],
    ['a size beyond 2^53', fileOf(headerOf('<f4', '(99999999999999999999,)')), /no shape/],
    ['sizes whose product overflows', fileOf(headerOf('<f4', '(4294967296, 4294967296)')), /no shape/],
    ['a hundred axes', fileOf(headerOf('<f4', `(${'1, '.repeat(100)})`)), /100 axes/],
    ['a call instead of a header', fileOf('__import__("os").system("true")\n'), /no plain descr/],
    ['a header longer than the file', Buffer.from('\x93NUMPY\x01\x00\xff\xff{}', 'latin1'), /claims 65535/],
  ])('are refused when they are %s', (_what, file, message) => {
    expect(() => decodeFloatNpy(file)).toThrow(message)
  })
})

describe.skipIf(!hasShared)('.npz archives of NumPy (needs ../shared)', () => {
  it('hold what an independent reader finds', () => {
    const path = goldenPath('forward/pose_a.npz')
    const { tensors, counters } = readStateDict(readFileSync(path))
    const want = readNpz(path)
    expect(counters).toEqual([])
    expect([...tensors.keys()].toSorted()).toEqual(Object.keys(want).toSorted())
    for (const [name, { shape, values }] of tensors) {
      expect({ shape, values }, name).toEqual({ shape: want[name]?.shape, values: want[name]?.data })
    }
  })
})
