import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipOptions {
  readonly deflated?: boolean
  /** Sizes and offsets in zip64 fields, and a zip64 end record, as large archives have them. */
  readonly zip64?: boolean
}

/** A zip archive, written from APPNOTE 6.3.9 for the tests of the reader. */
export function makeZip(files: ReadonlyMap<string, Uint8Array>, options: ZipOptions = {}): Buffer {
  const { deflated = false, zip64 = false } = options
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const [name, contents] of files) {
    const packed = deflated ? deflateRawSync(contents) : Buffer.from(contents)
    const label = Buffer.from(name)
    const checks = [u16(deflated ? 8 : 0), u32(0), u32(crc32(contents))]
    const sizes = zip64 ? [u32(0xffffffff), u32(0xffffffff)] : [u32(packed.length), u32(contents.length)]
    const extra = zip64
      ? Buffer.concat([u16(1), u16(24), u64(contents.length), u64(packed.length), u64(offset)])
      : Buffer.alloc(0)
    const local = Buffer.concat([
      ...[u32(0x04034b50), u16(45), u16(0), ...checks, ...sizes, u16(label.length), u16(0), label, packed],
    ])
    directory.push(
      Buffer.concat([
        ...[u32(0x02014b50), u16(45), u16(45), u16(0), ...checks, ...sizes, u16(label.length)],
        ...[
          u16(extra.length),
          u16(0),
          u16(0),
          u16(0),
          u32(0),
          u32(zip64 ? 0xffffffff : offset),
          label,
          extra,
        ],
      ]),
    )
    locals.push(local)
    offset += local.length
  }
  const entries = Buffer.concat(directory)
  const wide = zip64 ? zip64End(files.size, entries.length, offset) : Buffer.alloc(0)
  const count = zip64 ? 0xffff : files.size
  const end = [u32(0x06054b50), u16(0), u16(0), u16(count), u16(count), u32(entries.length)]
  return Buffer.concat([...locals, entries, wide, ...end, u32(zip64 ? 0xffffffff : offset), u16(0)])
}

function zip64End(count: number, directoryBytes: number, directoryStart: number): Buffer {
  const record = [u32(0x06064b50), u64(44), u16(45), u16(45), u32(0), u32(0), u64(count), u64(count)]
  const sizes = [u64(directoryBytes), u64(directoryStart)]
  const locator = [u32(0x07064b50), u32(0), u64(directoryStart + directoryBytes), u32(1)]
  return Buffer.concat([...record, ...sizes, ...locator])
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
