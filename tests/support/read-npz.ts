import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inflateRawSync } from 'node:zlib'

export type NpyData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | Int16Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array

export interface NpyArray {
  readonly shape: readonly number[]
  /** Numpy's name of the element type: '<f4', '<i8', '|u1', … */
  readonly dtype: string
  readonly data: NpyData
}

const sharedFolder = fileURLToPath(new URL('../../../shared/', import.meta.url))

/** True where the shared references (`../shared` beside the project) are present; tests that need them skip otherwise. */
export const hasShared = existsSync(`${sharedFolder}data/golden/README.md`)

/** Path of a file below ../shared, for example `sharedPath('data/camvid')`. */
export function sharedPath(name: string): string {
  return `${sharedFolder}${name}`
}

/** Path of a golden file, for example `goldenPath('pose/targets.npz')`. */
export function goldenPath(name: string): string {
  return sharedPath(`data/golden/${name}`)
}

/**
 * Parsed JSON of a golden file whose copy lies in tests/golden/data, for tests that run without ../shared too; the caller states the type
 * it expects.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as below
export function readCopiedJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/data/${name}`, import.meta.url), 'utf8')) as T
}

/** Parsed JSON of a golden file; the caller states the type it expects. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- reads shorter than a cast at every caller
export function readGoldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(goldenPath(name), 'utf8')) as T
}

/** Every array of an .npz file by name (without `.npy`). */
export function readNpz(path: string): Record<string, NpyArray> {
  const archive = readFileSync(path)
  const arrays: Record<string, NpyArray> = {}
  for (const entry of listEntries(archive)) {
    arrays[entry.name.replace(/\.npy$/, '')] = parseNpy(readEntry(archive, entry))
  }
  return arrays
}

/** The array of that name as plain numbers; fails if it is absent. */
export function numbersOf(arrays: Record<string, NpyArray>, name: string): number[] {
  const array = arrays[name]
  if (array === undefined) {
    throw new Error(`no array '${name}', there are: ${Object.keys(arrays).join(', ')}`)
  }
  return Array.from(array.data as ArrayLike<number | bigint>, Number)
}

interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly compressedSize: number
  readonly localOffset: number
}

/** The central directory: local headers of these archives are zip64 and carry no sizes. */
function listEntries(archive: Buffer): ZipEntry[] {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]))
  if (end < 0) {
    throw new Error('not a zip file: no end record')
  }
  const count = archive.readUInt16LE(end + 10)
  let offset = archive.readUInt32LE(end + 16)
  const entries: ZipEntry[] = []
  for (let index = 0; index < count; index++) {
    const nameLength = archive.readUInt16LE(offset + 28)
    entries.push({
      name: archive.toString('utf8', offset + 46, offset + 46 + nameLength),
      method: archive.readUInt16LE(offset + 10),
      compressedSize: archive.readUInt32LE(offset + 20),
      localOffset: archive.readUInt32LE(offset + 42),
    })
    offset += 46 + nameLength + archive.readUInt16LE(offset + 30) + archive.readUInt16LE(offset + 32)
  }
  return entries
}

function readEntry(archive: Buffer, entry: ZipEntry): Buffer {
  const start =
    entry.localOffset +
    30 +
    archive.readUInt16LE(entry.localOffset + 26) +
    archive.readUInt16LE(entry.localOffset + 28)
  const body = archive.subarray(start, start + entry.compressedSize)
  if (entry.method === 0) {
    return body
  }
  if (entry.method === 8) {
    return inflateRawSync(body)
  }
  throw new Error(`${entry.name}: zip method ${String(entry.method)} is not stored (0) or deflated (8)`)
}

function parseNpy(file: Buffer): NpyArray {
  if (file.toString('latin1', 1, 6) !== 'NUMPY') {
    throw new Error('not an .npy file')
  }
  const isLong = file.readUInt8(6) > 1
  const headerLength = isLong ? file.readUInt32LE(8) : file.readUInt16LE(8)
  const headerStart = isLong ? 12 : 10
  const header = file.toString('latin1', headerStart, headerStart + headerLength)
  if (/'fortran_order': True/.test(header)) {
    throw new Error('Fortran order is not read')
  }
  const dtype = /'descr': '([^']+)'/.exec(header)?.[1] ?? ''
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(Number)
  const bytes = new Uint8Array(file.subarray(headerStart + headerLength))
  return { shape, dtype, data: viewAs(dtype, bytes.buffer) }
}

function viewAs(dtype: string, buffer: ArrayBuffer): NpyData {
  switch (dtype) {
    case '<f4':
      return new Float32Array(buffer)
    case '<f8':
      return new Float64Array(buffer)
    case '<i4':
      return new Int32Array(buffer)
    case '<i8':
      return new BigInt64Array(buffer)
    case '<i2':
      return new Int16Array(buffer)
    case '<u2':
      return new Uint16Array(buffer)
    case '<u4':
      return new Uint32Array(buffer)
    case '|u1':
    case '|b1':
      return new Uint8Array(buffer)
    case '|i1':
      return new Int8Array(buffer)
    default:
      throw new Error(`element type '${dtype}' is not read`)
  }
}
