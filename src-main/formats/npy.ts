import { BYTES_PER_ELEMENT, isFloating } from './element-types.ts'
import type { ElementType } from './element-types.ts'
import { malformed, quoted } from './malformed.ts'
import type { StateTensor } from './state-dict.types.ts'
import { countElements, denseStrides, toFloat32 } from './strided-view.ts'

/** NumPy's format (numpy.lib.format): magic, version, header length, a Python dict literal, then the values. */

const FORMAT = 'npy'
const MAGIC = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59)
/** Values start at a multiple of this. */
const ALIGNMENT = 64
const LONGEST_HEADER = 0xffff

export interface NpyHeader {
  /** NumPy's name of the element type: `<f4`, `|O`, …. */
  readonly descr: string
  readonly isFortran: boolean
  readonly shape: readonly number[]
  /** Where the values start, in bytes. */
  readonly dataStart: number
}

const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
  ['i1', 'int8'],
  ['i2', 'int16'],
  ['i4', 'int32'],
  ['i8', 'int64'],
  ['u1', 'uint8'],
  ['b1', 'bool'],
])

/**
 * @throws EngineError if it is no `.npy` file of version 1 to 3, or the header is none that NumPy writes.
 */
export function readNpyHeader(file: Uint8Array): NpyHeader {
  if (file.length < 12 || MAGIC.some((byte, index) => file[index] !== byte)) {
    throw malformed(FORMAT, 'not an .npy file: it does not start with \\x93NUMPY')
  }
  const version = file[6] ?? 0
  if (version < 1 || version > 3) {
    throw malformed(FORMAT, `version ${version}; 1, 2 and 3 are read`)
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  const start = version === 1 ? 10 : 12
  if (length > Math.min(LONGEST_HEADER, file.length - start)) {
    throw malformed(FORMAT, `the header claims ${length} bytes, the file has ${file.length - start} after it`)
  }
  const header = Buffer.from(file.subarray(start, start + length)).toString('latin1')
  const descr = /'descr': *'([^']{1,16})'/.exec(header)?.[1]
  const order = /'fortran_order': *(True|False)/.exec(header)?.[1]
  const sizes = /'shape': *\(([\d, L]*)\)/.exec(header)?.[1]
  if (descr === undefined || order === undefined || sizes === undefined) {
    throw malformed(FORMAT, `the header ${quoted(header)} has no plain descr, fortran_order and shape`)
  }
  const shape = sizes
    .split(',')
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number)
  return { descr, isFortran: order === 'True', shape, dataStart: start + length }
}

/** Element type and byte order of a dtype name, null for one that is not read. */
export function elementTypeOf(descr: string): { type: ElementType; littleEndian: boolean } | null {
  const [, order = '', name = ''] = /^([<>|=]?)([a-z]\d+)$/.exec(descr) ?? []
  const type = ELEMENT_TYPES.get(name)
  return type === undefined ? null : { type, littleEndian: order !== '>' }
}

/**
 * Reads an array of floating-point numbers in any layout.
 *
 * @param what - Names the array in messages.
 * @throws EngineError naming another dtype, or sizes that do not fit the file.
 */
export function decodeFloatNpy(file: Uint8Array, what = 'the array'): StateTensor {
  const header = readNpyHeader(file)
  const element = elementTypeOf(header.descr)
  if (element === null || !isFloating(element.type)) {
    throw malformed(
      FORMAT,
      `${what} has dtype ${quoted(header.descr)}; float32 is expected (float16 and float64 are converted)`,
    )
  }
  const count = countElements(FORMAT, header.shape)
  const bytes = file.subarray(header.dataStart)
  const needed = count * BYTES_PER_ELEMENT[element.type]
  if (bytes.length !== needed) {
    throw malformed(
      FORMAT,
      `${what} [${header.shape.join(', ')}] needs ${needed} bytes, the file has ${bytes.length}`,
    )
  }
  const strides = denseStrides(header.shape, header.isFortran)
  return toFloat32(FORMAT, { shape: header.shape, strides, offset: 0 }, bytes, element)
}

/** A float32 `.npy` file, version 1.0, C order. */
export function encodeFloatNpy({ shape, values }: StateTensor): Uint8Array {
  const header = encodeNpyHeader('<f4', shape)
  const file = new Uint8Array(header.length + values.byteLength)
  file.set(header)
  file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), header.length)
  return file
}

/** Magic, version 1.0 and header, padded with spaces so that the values start at a multiple of 64 bytes. */
export function encodeNpyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape.join()},` : shape.join(', ')
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
  const unpadded = MAGIC.length + 4 + dict.length + 1
  const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT
  const length = dict.length + padding + 1
  return Buffer.concat([
    MAGIC,
    Uint8Array.of(1, 0, length & 0xff, length >> 8),
    Buffer.from(`${dict}${' '.repeat(padding)}\n`, 'latin1'),
  ])
}
