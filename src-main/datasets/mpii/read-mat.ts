import { inflateSync } from 'node:zlib'

/** A numeric array of a MATLAB 5 file, column by column: the first index runs fastest. */
export interface MatArray {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

const HEADER_BYTES = 128
const MATRIX = 14
const COMPRESSED = 15
/** A list of annotations inflates to megabytes; more is no file of MPII. */
const MOST_BYTES = 256 * 1024 * 1024

interface Element {
  readonly type: number
  readonly data: DataView
  /** Where the next element begins. */
  readonly end: number
}

/**
 * Finds one array of numbers in a MATLAB 5 file (little-endian, as every present program writes it); other variables are passed over.
 *
 * @returns Null if the file has no variable of that name.
 * @throws Error for what is no such file, or a variable that is no array of real numbers.
 */
export function readMatArray(bytes: Uint8Array, name: string): MatArray | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (
    bytes.length < HEADER_BYTES ||
    view.getUint16(126, true) !== 0x4d49 ||
    view.getUint16(124, true) !== 0x0100
  ) {
    throw new Error('it is no MATLAB 5 file')
  }
  for (let at = HEADER_BYTES; at < bytes.length;) {
    const outer = readElement(view, at)
    const element = outer.type === COMPRESSED ? readElement(inflate(outer.data), 0) : outer
    const found = element.type === MATRIX ? readMatrix(element.data, name) : null
    if (found !== null) {
      return found
    }
    // Compressed elements are not padded.
    at = outer.type === COMPRESSED ? at + 8 + outer.data.byteLength : outer.end
  }
  return null
}

function inflate(data: DataView): DataView {
  const bytes = unpack(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function unpack(packed: Uint8Array): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: MOST_BYTES })
  } catch {
    throw new Error('a compressed variable is damaged or larger than such a file has')
  }
}

/** Null for a variable of another name. */
function readMatrix(data: DataView, wanted: string): MatArray | null {
  const flags = readElement(data, 0)
  const dimensions = readElement(data, flags.end)
  const name = readElement(data, dimensions.end)
  if (new TextDecoder('latin1').decode(name.data) !== wanted) {
    return null
  }
  const flagWord = flags.data.getUint32(0, true)
  const isNumbers = (flagWord & 0xff) >= FIRST_NUMBERS && (flagWord & 0xff) <= LAST_NUMBERS
  if (!isNumbers || (flagWord & COMPLEX) !== 0) {
    throw new Error(`${wanted} is no array of real numbers`)
  }
  const shape = Array.from({ length: dimensions.data.byteLength / 4 }, (_, axis) =>
    dimensions.data.getInt32(axis * 4, true),
  )
  const values = readNumbers(readElement(data, name.end), wanted)
  if (values.length !== shape.reduce((product, side) => product * side, 1)) {
    throw new Error(`${wanted} does not have as many numbers as its shape ${shape.join(' x ')} says`)
  }
  return { shape, values }
}

/** Classes of arrays: 6 is double, 7 single, 8 to 15 the integers. */
const FIRST_NUMBERS = 6
const LAST_NUMBERS = 15
const COMPLEX = 0x0800

type ReadNumber = (data: DataView, at: number) => number

/** By the type's number: bytes of one number and how it is read. MATLAB stores doubles that are whole as small integers. */
const NUMBERS: ReadonlyMap<number, readonly [bytes: number, read: ReadNumber]> = new Map([
  [1, [1, (data, at) => data.getInt8(at)]],
  [2, [1, (data, at) => data.getUint8(at)]],
  [3, [2, (data, at) => data.getInt16(at, true)]],
  [4, [2, (data, at) => data.getUint16(at, true)]],
  [5, [4, (data, at) => data.getInt32(at, true)]],
  [6, [4, (data, at) => data.getUint32(at, true)]],
  [7, [4, (data, at) => data.getFloat32(at, true)]],
  [9, [8, (data, at) => data.getFloat64(at, true)]],
])

function readNumbers({ type, data }: Element, name: string): Float64Array {
  const number = NUMBERS.get(type)
  if (number === undefined) {
    throw new Error(`${name} has numbers of type ${String(type)}, which are not read`)
  }
  const [bytes, read] = number
  return Float64Array.from({ length: Math.floor(data.byteLength / bytes) }, (_, index) =>
    read(data, index * bytes),
  )
}

/** A tag of type and length, then the data; four bytes or fewer may stand inside the tag. @throws Error if the file ends before it. */
function readElement(view: DataView, at: number): Element {
  if (at + 8 > view.byteLength) {
    throw new Error('it ends in the middle of a variable')
  }
  const first = view.getUint32(at, true)
  const small = first >>> 16
  const [type, length, begin] =
    small === 0 ? [first, view.getUint32(at + 4, true), at + 8] : [first & 0xffff, small, at + 4]
  if (begin + length > view.byteLength) {
    throw new Error('it ends in the middle of a variable')
  }
  const data = new DataView(view.buffer, view.byteOffset + begin, length)
  return { type, data, end: small === 0 ? begin + Math.ceil(length / 8) * 8 : at + 8 }
}
