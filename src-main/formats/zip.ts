import { crc32, inflateRawSync } from 'node:zlib'
import { ByteReader } from './byte-reader.ts'
import { malformed, quoted } from './malformed.ts'

/** APPNOTE 6.3.9 of PKWARE: the central directory at the end says what there is; local headers of some writers carry no sizes. */

const FORMAT = 'zip'
const END_SIGNATURE = 0x06054b50
const END_BYTES = 22
const LONGEST_COMMENT = 0xffff
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50
const ZIP64_LOCATOR_BYTES = 20
const ZIP64_END_SIGNATURE = 0x06064b50
const ENTRY_SIGNATURE = 0x02014b50
const ENTRY_BYTES = 46
const LOCAL_SIGNATURE = 0x04034b50
const ZIP64_EXTRA = 1
/** A 32-bit field with this value is found in the zip64 extra field instead. */
const IN_ZIP64 = 0xffffffff

/** A super-network has about 4,000 entries. */
const MOST_ENTRIES = 100_000
/** Weights hardly deflate, zeros do by a thousand: contents may be this much larger than the file, or this large in any case. */
const LARGEST_EXPANSION = 32
const ALWAYS_ALLOWED_BYTES = 256 * 2 ** 20

export interface ZipEntry {
  readonly name: string
  readonly method: number
  readonly crc: number
  readonly packedBytes: number
  readonly bytes: number
  readonly localOffset: number
}

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>
  /**
   * Contents of an entry.
   * @throws EngineError if the entry is damaged or larger than it says.
   */
  readonly read: (entry: ZipEntry) => Uint8Array
}

export function isZip(file: Uint8Array): boolean {
  return file[0] === 0x50 && file[1] === 0x4b && (file[2] === 3 || file[2] === 5)
}

/**
 * Opens an archive of stored and deflated entries, zip64 or not.
 *
 * @param options.checksums - False for archives whose writer may leave them out (PyTorch can be told to, and writes 0): one that is there
 *   binds all the same.
 * @throws EngineError naming what is wrong; what all entries together claim is bounded by the size of the file.
 */
export function openZip(file: Uint8Array, options: { readonly checksums: boolean }): ZipArchive {
  const directory = findDirectory(file)
  const reader = new ByteReader(file, FORMAT, directory.offset)
  if (directory.count > Math.min(MOST_ENTRIES, reader.remaining / ENTRY_BYTES)) {
    throw malformed(FORMAT, `it claims ${directory.count} entries, more than fit into the file`)
  }
  const entries = new Map<string, ZipEntry>()
  let total = 0
  for (let index = 0; index < directory.count; index++) {
    const entry = readEntry(reader)
    if (entries.has(entry.name)) {
      throw malformed(FORMAT, `two entries have the name ${quoted(entry.name)}`)
    }
    entries.set(entry.name, entry)
    total += entry.bytes
  }
  const allowed = Math.max(ALWAYS_ALLOWED_BYTES, LARGEST_EXPANSION * file.length)
  if (total > allowed) {
    throw malformed(FORMAT, `its contents claim ${total} bytes, at most ${allowed} are read from this file`)
  }
  return { entries, read: (entry) => unpack(file, entry, options.checksums) }
}

function findDirectory(file: Uint8Array): { count: number; offset: number } {
  const earliest = Math.max(0, file.length - END_BYTES - LONGEST_COMMENT)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  for (let position = file.length - END_BYTES; position >= earliest; position--) {
    if (view.getUint32(position, true) === END_SIGNATURE) {
      return readEnd(file, position)
    }
  }
  throw malformed(FORMAT, 'no end record; the file is damaged or cut off')
}

function readEnd(file: Uint8Array, position: number): { count: number; offset: number } {
  const end = new ByteReader(file, FORMAT, position + 10)
  const count = end.uint16()
  end.take(4)
  const offset = end.uint32()
  const locator = position - ZIP64_LOCATOR_BYTES
  if (locator < 0) {
    return checkDirectory(file, count, offset)
  }
  const zip64 = new ByteReader(file, FORMAT, locator)
  if (zip64.uint32() !== ZIP64_LOCATOR_SIGNATURE) {
    return checkDirectory(file, count, offset)
  }
  zip64.take(4)
  const wide = new ByteReader(file, FORMAT, Math.min(zip64.uint64(), file.length))
  if (wide.uint32() !== ZIP64_END_SIGNATURE) {
    throw malformed(FORMAT, 'the zip64 end record is not where its locator points')
  }
  wide.take(28)
  const wideCount = wide.uint64()
  wide.take(8)
  return checkDirectory(file, wideCount, wide.uint64())
}

function checkDirectory(file: Uint8Array, count: number, offset: number): { count: number; offset: number } {
  if (offset > file.length) {
    throw malformed(FORMAT, `the directory should start at byte ${offset} of ${file.length}`)
  }
  return { count, offset }
}

function readEntry(reader: ByteReader): ZipEntry {
  if (reader.uint32() !== ENTRY_SIGNATURE) {
    throw malformed(FORMAT, `no directory entry at byte ${reader.position - 4}`)
  }
  reader.take(4)
  const flags = reader.uint16()
  const method = reader.uint16()
  reader.take(4)
  const crc = reader.uint32()
  const sizes = { packedBytes: reader.uint32(), bytes: reader.uint32() }
  const nameLength = reader.uint16()
  const extraLength = reader.uint16()
  const commentLength = reader.uint16()
  reader.take(8)
  const narrowOffset = reader.uint32()
  const name = Buffer.from(reader.take(nameLength)).toString('utf8')
  const wide = readZip64(reader.take(extraLength), [sizes.bytes, sizes.packedBytes, narrowOffset])
  reader.take(commentLength)
  if ((flags & 1) !== 0) {
    throw malformed(FORMAT, `${quoted(name)} is encrypted`)
  }
  const [bytes = 0, packedBytes = 0, localOffset = 0] = wide
  return { name, method, crc, packedBytes, bytes, localOffset }
}

/** The given fields, those that say "look in the extra field" replaced by what is there, in the order of the format. */
function readZip64(extra: Uint8Array, fields: readonly number[]): readonly number[] {
  const reader = new ByteReader(extra, FORMAT)
  while (reader.remaining >= 4) {
    const kind = reader.uint16()
    const body = reader.take(reader.uint16())
    if (kind === ZIP64_EXTRA) {
      const wide = new ByteReader(body, FORMAT)
      return fields.map((value) => (value === IN_ZIP64 ? wide.uint64() : value))
    }
  }
  return fields
}

function unpack(file: Uint8Array, entry: ZipEntry, checksums: boolean): Uint8Array {
  const local = new ByteReader(file, FORMAT, Math.min(entry.localOffset, file.length))
  if (local.uint32() !== LOCAL_SIGNATURE) {
    throw malformed(FORMAT, `${quoted(entry.name)} is not where the directory says`)
  }
  local.take(22)
  const nameLength = local.uint16()
  local.take(nameLength + local.uint16())
  const packed = local.take(entry.packedBytes)
  const contents = decompress(packed, entry)
  if (contents.length !== entry.bytes) {
    throw malformed(
      FORMAT,
      `${quoted(entry.name)} has ${contents.length} bytes, the directory says ${entry.bytes}`,
    )
  }
  const isGiven = checksums || entry.crc !== 0
  if (isGiven && crc32(contents) !== entry.crc) {
    throw malformed(FORMAT, `${quoted(entry.name)} is damaged: its checksum does not fit`)
  }
  return contents
}

function decompress(packed: Uint8Array, { name, method, bytes }: ZipEntry): Uint8Array {
  switch (method) {
    case 0:
      return packed
    case 8:
      try {
        return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytes) })
      } catch (thrown) {
        throw malformed(FORMAT, `${quoted(name)} cannot be unpacked: ${String(thrown)}`)
      }
    default:
      throw malformed(FORMAT, `${quoted(name)} uses method ${method}; stored (0) and deflated (8) are read`)
  }
}
