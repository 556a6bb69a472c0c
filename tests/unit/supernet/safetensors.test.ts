import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../../src-main/supernet/safetensors.ts'
import type { HostTensor, WeightMap } from '../../../src-main/supernet/weights.ts'

const NAN = Number.NaN

/** A file by hand: the header as given, then the data. */
function fileOf(header: unknown, data: ArrayBufferView = new Uint8Array(0)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array(8 + json.length + data.byteLength)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + json.length)
  return file
}

function sampleWeights(): WeightMap {
  return new Map<string, HostTensor>([
    ['conv1.weight', { shape: [2, 1, 1, 3], values: Float32Array.of(1, -2, 0.5, NAN, Infinity, -0) }],
    ['bn1.running_mean', { shape: [2], values: Float32Array.of(1e-45, 3.4e38) }],
    ['empty', { shape: [0, 4], values: new Float32Array(0) }],
    ['scalar', { shape: [], values: Float32Array.of(7) }],
  ])
}

/** Bits, so that NaN and -0 count. */
function bitsOf(tensors: WeightMap): [string, readonly number[], number[]][] {
  return [...tensors].map(([name, { shape, values }]) => [
    name,
    shape,
    [...new Uint8Array(values.buffer, values.byteOffset, values.byteLength)],
  ])
}

describe('encodeSafetensors and decodeSafetensors', () => {
  it('give back names, order, shapes, bits and metadata', () => {
    const file = encodeSafetensors(sampleWeights(), { phase: 'teacher', note: 'ä "quoted"' }, [
      'bn1.num_batches',
    ])
    const { tensors, metadata } = decodeSafetensors(file)
    expect(bitsOf(tensors)).toEqual(bitsOf(sampleWeights()))
    expect(metadata).toEqual({ phase: 'teacher', note: 'ä "quoted"' })
  })

  it('give back any tensors', () => {
    const tensor = fc
      .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
      .chain((shape) =>
        fc
          .float32Array({ minLength: sizeOf(shape), maxLength: sizeOf(shape) })
          .map((values) => ({ shape, values })),
      )
    const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__metadata__')
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, tensor), { selector: ([text]) => text, maxLength: 6 }),
        (entries) => {
          const decoded = decodeSafetensors(encodeSafetensors(new Map(entries)))
          expect(bitsOf(decoded.tensors).toSorted(byName)).toEqual(bitsOf(new Map(entries)).toSorted(byName))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('follow the published layout: length, padded header, counters, values', () => {
    const file = encodeSafetensors(new Map([['w', { shape: [2], values: Float32Array.of(1, -2) }]]), {}, [
      'n',
    ])
    const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true))
    expect(headerBytes % 8).toBe(0)
    const header: unknown = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)))
    expect(header).toEqual({
      __metadata__: {},
      n: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
      w: { dtype: 'F32', shape: [2], data_offsets: [8, 16] },
    })
    expect([...file.subarray(8 + headerBytes)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 192])
  })

  it('read a file whose data lies at an odd offset of a larger buffer', () => {
    const file = encodeSafetensors(sampleWeights())
    const padded = Buffer.concat([Buffer.alloc(3), file])
    expect(bitsOf(decodeSafetensors(padded.subarray(3)).tensors)).toEqual(bitsOf(sampleWeights()))
  })

  it('give tensors of their own: later changes of the file do not reach them', () => {
    const file = Buffer.from(encodeSafetensors(sampleWeights()))
    const { tensors } = decodeSafetensors(file)
    file.fill(0)
    expect(bitsOf(tensors)).toEqual(bitsOf(sampleWeights()))
  })
})

describe('decodeSafetensors on damaged files', () => {
  it('refuses every shorter file', () => {
    const file = encodeSafetensors(sampleWeights(), { phase: 'teacher' }, ['bn1.num_batches'])
    for (let length = 0; length < file.length; length++) {
      expect(() => decodeSafetensors(file.subarray(0, length)), `${String(length)} bytes`).toThrow(RangeError)
    }
  })

  it('refuses a longer file', () => {
    const file = encodeSafetensors(sampleWeights())
    expect(() => decodeSafetensors(Buffer.concat([file, Buffer.alloc(4)]))).toThrow(/end at byte/)
  })

  it('refuses a flipped bit of the header, or reads tensors that fit into the file', () => {
    const file = encodeSafetensors(sampleWeights(), { phase: 'teacher' })
    const headerEnd = 8 + Number(new DataView(file.buffer).getBigUint64(0, true))
    let refused = 0
    for (let bit = 0; bit < headerEnd * 8; bit++) {
      const flipped = Uint8Array.from(file)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const bytes = bytesOrRefusal(flipped)
      refused += bytes === null ? 1 : 0
      expect(bytes ?? 0, `bit ${String(bit)}`).toBeLessThanOrEqual(file.length)
    }
    // What passes is a letter of a name or text, or a size that changes nothing: most of the header is structure.
    expect(refused).toBeGreaterThan(headerEnd * 8 * 0.5)
  })

  it('refuses random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(bytesOrRefusal(bytes)).toBeNull()
      }),
    )
  })
})

describe('decodeSafetensors of other floats', () => {
  // Bit patterns by the definitions of IEEE 754 binary16 and of bfloat16 (the upper half of a float32).
  it.each([
    [
      'F16',
      Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x0001, 0x7c00),
      [1, -2, 0.333251953125, 2 ** -24, Infinity],
    ],
    ['BF16', Uint16Array.of(0x3f80, 0xc000, 0x3eab, 0x0001), [1, -2, 0.333984375, 2 ** -133]],
    ['F64', Float64Array.of(1, -2, 1 / 3, 1e300), [1, -2, Math.fround(1 / 3), Infinity]],
  ] as const)('reads %s as float32', (dtype, data, values) => {
    const header = { w: { dtype, shape: [values.length], data_offsets: [0, data.byteLength] } }
    const { tensors } = decodeSafetensors(fileOf(header, data))
    expect([...(tensors.get('w')?.values ?? [])]).toEqual(values)
  })
})

describe('decodeSafetensors on hostile files', () => {
  const data = Float32Array.of(1, 2)
  const entry = (fields: object): object => ({
    w: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields },
  })

  it.each([
    ['a header longer than the file', lengthOnly(1000n)],
    ['a header of 2^64 - 1 bytes', lengthOnly(2n ** 64n - 1n)],
    ['a header that is not JSON', fileOf('{"w":')],
    ['a header that is not UTF-8', Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x7d)],
    ['a header nested a million deep', fileOf('['.repeat(1_000_000))],
    ['a header that is a list', fileOf([])],
    ['metadata that is text', fileOf({ __metadata__: 'text' })],
    ['metadata with an object that spoils its own text', fileOf({ __metadata__: { a: { toString: 1 } } })],
    ['an entry that is null', fileOf({ w: null }, data)],
    ['an entry that is a number', fileOf({ w: 1 }, data)],
    ['no dtype', fileOf({ w: { shape: [2], data_offsets: [0, 8] } }, data)],
    ['half floats of another size', fileOf(entry({ dtype: 'F16' }), data)],
    ['8-bit floats', fileOf(entry({ dtype: 'F8_E4M3', shape: [8] }), data)],
    ['a dtype of every object', fileOf(entry({ dtype: 'constructor' }), data)],
    ['a shape of text', fileOf(entry({ shape: ['2'] }), data)],
    ['a negative size', fileOf(entry({ shape: [-2] }), data)],
    ['a fractional size', fileOf(entry({ shape: [0.5, 4] }), data)],
    ['a size beyond 2^53', fileOf(entry({ shape: [2 ** 60] }), data)],
    ['sizes whose product overflows', fileOf(entry({ shape: Array(60).fill(2 ** 50) }), data)],
    ['offsets the wrong way round', fileOf(entry({ data_offsets: [8, 0] }), data)],
    ['offsets beyond the file', fileOf(entry({ shape: [4], data_offsets: [0, 16] }), data)],
    ['three offsets', fileOf(entry({ data_offsets: [0, 8, 8] }), data)],
    ['a gap', fileOf(entry({ shape: [1], data_offsets: [4, 8] }), data)],
    ['an overlap', fileOf({ ...entry({}), v: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, data)],
  ])('refuses %s', (_, file) => {
    expect(() => decodeSafetensors(file)).toThrow(RangeError)
  })

  it('takes no more memory than the file for a file that names the same bytes again and again', () => {
    const bytes = new Float32Array(250_000)
    const range = { dtype: 'F32', shape: [bytes.length], data_offsets: [0, bytes.byteLength] }
    const header = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`t${String(i)}`, range]))
    const before = process.memoryUsage().arrayBuffers
    const file = fileOf(header, bytes)
    expect(() => decodeSafetensors(file)).toThrow(/starts at byte 0/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * file.length)
  })

  it('keeps names that objects know', () => {
    const header = '{"__proto__":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    expect([...decodeSafetensors(fileOf(header, data)).tensors.keys()]).toEqual(['__proto__'])
    expect(Object.prototype).not.toHaveProperty('dtype')
  })
})

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1)
}

function byName(a: readonly [string, ...unknown[]], b: readonly [string, ...unknown[]]): number {
  return a[0] < b[0] ? -1 : 1
}

/** Bytes of all tensors of the file, or null if it was refused with a RangeError; any other error fails. */
function bytesOrRefusal(file: Uint8Array): number | null {
  try {
    const { tensors } = decodeSafetensors(file)
    return [...tensors.values()].reduce((sum, { values }) => sum + values.byteLength, 0)
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(RangeError)
    return null
  }
}

function lengthOnly(length: bigint): Uint8Array {
  const file = new Uint8Array(20)
  new DataView(file.buffer).setBigUint64(0, length, true)
  return file
}
