import { BYTES_PER_ELEMENT, elementReader } from '../formats/element-types.ts'
import type { ElementType } from '../formats/element-types.ts'
import type { HostTensor, WeightMap } from './weights.ts'

/** https://huggingface.co/docs/safetensors: u64 header length, JSON header, raw little-endian values. */

export interface SafetensorsFile {
  readonly tensors: WeightMap
  readonly metadata: Readonly<Record<string, string>>
}

const HEADER_LENGTH_BYTES = 8
/** Writers align the data to 8 bytes by padding the header with spaces. */
const ALIGNMENT = 8
/** The format's own bound; a larger number is a damaged or hostile file. */
const MOST_HEADER_BYTES = 100_000_000

/** The dtypes that a file may hold; values of I64 are skipped, the others become float32. */
const ELEMENT_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F64', 'float64'],
  ['I64', 'int64'],
])

interface HeaderEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/**
 * @param tensors - Written as F32 under their names, in the order given.
 * @param metadata - Free text under `__metadata__`.
 * @param counters - Names of I64 scalars written as 0: PyTorch's `num_batches_tracked`, which a strict load asks for.
 */
export function encodeSafetensors(
  tensors: WeightMap,
  metadata: Readonly<Record<string, string>> = {},
  counters: readonly string[] = [],
): Uint8Array {
  // Without a prototype: a tensor may be called `__proto__`.
  const header = Object.create(null) as Record<string, unknown>
  header['__metadata__'] = metadata
  let offset = 0
  for (const name of counters) {
    header[name] = { dtype: 'I64', shape: [], data_offsets: [offset, offset + 8] }
    offset += 8
  }
  const dataStart = offset
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] }
    offset += values.byteLength
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const headerBytes = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT
  const file = new Uint8Array(HEADER_LENGTH_BYTES + headerBytes + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true)
  file.fill(0x20, HEADER_LENGTH_BYTES, HEADER_LENGTH_BYTES + headerBytes)
  file.set(json, HEADER_LENGTH_BYTES)
  let position = HEADER_LENGTH_BYTES + headerBytes + dataStart
  for (const { values } of tensors.values()) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), position)
    position += values.byteLength
  }
  return file
}

/**
 * Reads tensors of floats as float32: F16 and BF16 exactly, F64 rounded. Integer counters (I64) are skipped. Whatever the header
 * claims, the tensors together are at most twice as large as the file.
 *
 * @throws RangeError naming what is wrong: not a safetensors file, truncated, offsets that do not fit shapes, another dtype, data
 *   that belongs to no tensor or to two.
 */
export function decodeSafetensors(file: Uint8Array): SafetensorsFile {
  const { header, dataStart } = readHeader(file)
  const { __metadata__: metadata = {}, ...rest } = header
  const entries = Object.entries(rest).map(
    ([name, value]) => [name, checkEntry(name, value, file.length - dataStart)] as const,
  )
  checkCoverage(entries, file.length - dataStart)
  const tensors = new Map<string, HostTensor>()
  for (const [name, { dtype, shape, data_offsets: offsets }] of entries) {
    const type = ELEMENT_TYPES.get(dtype)
    if (type !== undefined && type !== 'int64') {
      const [begin, end] = offsets
      tensors.set(name, { shape, values: toFloat32(file.subarray(dataStart + begin, dataStart + end), type) })
    }
  }
  return { tensors, metadata: checkMetadata(metadata) }
}

function toFloat32(bytes: Uint8Array, type: ElementType): Float32Array {
  if (type === 'float32') {
    // A copy of its own: a Node Buffer's slice shares memory and need not be aligned.
    return new Float32Array(Uint8Array.from(bytes).buffer)
  }
  const read = elementReader(bytes, type)
  return Float32Array.from({ length: bytes.length / BYTES_PER_ELEMENT[type] }, (_, index) => read(index))
}

function readHeader(file: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (file.length < HEADER_LENGTH_BYTES) {
    throw new RangeError(`safetensors: the file has ${file.length} bytes, even an empty one has more`)
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const headerBytes = Number(view.getBigUint64(0, true))
  if (headerBytes > MOST_HEADER_BYTES || headerBytes > file.length - HEADER_LENGTH_BYTES) {
    throw new RangeError(
      `safetensors: the header claims ${headerBytes} bytes, the file has ${file.length - HEADER_LENGTH_BYTES}`,
    )
  }
  const bytes = file.subarray(HEADER_LENGTH_BYTES, HEADER_LENGTH_BYTES + headerBytes)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new RangeError('safetensors: the header is not JSON in UTF-8')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new RangeError('safetensors: the header is not a JSON object')
  }
  return { header: header as Record<string, unknown>, dataStart: HEADER_LENGTH_BYTES + headerBytes }
}

function checkEntry(name: string, value: unknown, dataBytes: number): HeaderEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>
  if (typeof dtype !== 'string' || !isNaturals(shape) || !isNaturals(offsets)) {
    throw new RangeError(`safetensors: the entry of ${name} is malformed`)
  }
  const [begin, end, ...rest] = offsets
  if (begin === undefined || end === undefined || rest.length > 0) {
    throw new RangeError(`safetensors: ${name} needs two offsets, it has ${offsets.length}`)
  }
  const type = ELEMENT_TYPES.get(dtype)
  if (type === undefined) {
    throw new RangeError(
      `safetensors: ${name} has dtype ${dtype}; read are ${[...ELEMENT_TYPES.keys()].join(', ')}`,
    )
  }
  const expected = shape.reduce((a, b) => a * b, BYTES_PER_ELEMENT[type])
  if (end - begin !== expected || end > dataBytes) {
    throw new RangeError(
      `safetensors: ${name} [${shape.join(', ')}] needs ${expected} bytes, the file gives ${Math.min(end, dataBytes) - begin}`,
    )
  }
  return { dtype, shape, data_offsets: [begin, end] }
}

/** The format's rule: tensors lie side by side and fill the file. Without it a small file could name the same bytes a million times. */
function checkCoverage(entries: readonly (readonly [string, HeaderEntry])[], dataBytes: number): void {
  const inOrder = entries.toSorted(
    ([, { data_offsets: a }], [, { data_offsets: b }]) => a[0] - b[0] || a[1] - b[1],
  )
  let position = 0
  for (const [name, { data_offsets: offsets }] of inOrder) {
    if (offsets[0] !== position) {
      throw new RangeError(
        `safetensors: ${name} starts at byte ${offsets[0]}, the tensor before it ends at ${position}`,
      )
    }
    position = offsets[1]
  }
  if (position !== dataBytes) {
    throw new RangeError(`safetensors: the tensors end at byte ${position} of ${dataBytes}`)
  }
}

function checkMetadata(metadata: unknown): Record<string, string> {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new RangeError('safetensors: __metadata__ is not a JSON object')
  }
  return Object.fromEntries(Object.entries(metadata).map(([key, text]) => [key, toText(key, text)]))
}

/** The format allows text alone; numbers are what careless writers put there. */
function toText(key: string, value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    throw new RangeError(`safetensors: __metadata__ ${JSON.stringify(key)} is no text`)
  }
  return String(value)
}

function isNaturals(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) && value.every((v) => typeof v === 'number' && Number.isSafeInteger(v) && v >= 0)
  )
}
