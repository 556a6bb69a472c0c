/** Numbers that tensors of a file consist of. */
export type ElementType =
  'float16' | 'bfloat16' | 'float32' | 'float64' | 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'bool'

export const BYTES_PER_ELEMENT: Readonly<Record<ElementType, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
  bool: 1,
}

export function isFloating(type: ElementType): boolean {
  return type === 'float16' || type === 'bfloat16' || type === 'float32' || type === 'float64'
}

/**
 * Reads element by index, as a float64. The caller keeps the index within `bytes.length / BYTES_PER_ELEMENT[type]`.
 *
 * @returns Exact for every type but int64 beyond 2^53.
 */
export function elementReader(
  bytes: Uint8Array,
  type: ElementType,
  littleEndian = true,
): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (type) {
    case 'float16':
      return (index) => halfToNumber(view.getUint16(2 * index, littleEndian))
    case 'bfloat16': {
      const word = new DataView(new ArrayBuffer(4))
      return (index) => {
        word.setUint16(0, view.getUint16(2 * index, littleEndian), false)
        return word.getFloat32(0, false)
      }
    }
    case 'float32':
      return (index) => view.getFloat32(4 * index, littleEndian)
    case 'float64':
      return (index) => view.getFloat64(8 * index, littleEndian)
    case 'int8':
      return (index) => view.getInt8(index)
    case 'int16':
      return (index) => view.getInt16(2 * index, littleEndian)
    case 'int32':
      return (index) => view.getInt32(4 * index, littleEndian)
    case 'int64':
      return (index) => Number(view.getBigInt64(8 * index, littleEndian))
    case 'uint8':
    case 'bool':
      return (index) => view.getUint8(index)
    default:
      return type satisfies never
  }
}

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) {
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  }
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
