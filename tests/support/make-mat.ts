import { deflateSync } from 'node:zlib'
import { u16, u32 } from './make-zip.ts'

/** A MATLAB 5 file of one variable of doubles, written from the format's description for the tests of the reader. */
export function makeMat(name: string, shape: readonly number[], isCompressed: boolean): Buffer {
  const count = shape.reduce((product, side) => product * side, 1)
  const values = Float64Array.from({ length: count }, (_, index) => index * 1.5)
  const body = element(
    14,
    Buffer.concat([
      element(6, Buffer.concat([u32(6), u32(0)])),
      element(5, Buffer.concat(shape.map(u32))),
      element(1, Buffer.from(name, 'latin1')),
      element(9, Buffer.from(values.buffer)),
    ]),
  )
  const packed = deflateSync(body)
  const header = Buffer.concat([Buffer.alloc(124, ' '), u16(0x0100), Buffer.from('IM')])
  return Buffer.concat([header, isCompressed ? Buffer.concat([u32(15), u32(packed.length), packed]) : body])
}

function element(type: number, data: Buffer): Buffer {
  return Buffer.concat([u32(type), u32(data.length), data, Buffer.alloc((8 - (data.length % 8)) % 8)])
}
