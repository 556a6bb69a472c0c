// A small reader for zip files (wheels are zips too): stored and deflated entries, no zip64, no links.
// Every archive it opens is pinned by its sha256, so it need not defend itself against crafted ones. Node built-ins only.
import { createReadStream, createWriteStream, fstatSync, readSync, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw, inflateRawSync } from 'node:zlib'

const END_RECORD = Buffer.from('PK\x05\x06', 'latin1')
const END_RECORD_SEARCH_BYTES = 65_557 // 22 bytes of the record and the longest comment after it
const CENTRAL_HEADER_SIGNATURE = 0x02014b50
const LOCAL_HEADER_BYTES = 30

/** @typedef {{ name: string, method: number, packedSize: number, size: number, mode: number, at: number }} ZipEntry */

/** @param {number} fd @returns {Generator<ZipEntry>} the entries of the central directory, folders included */
export function* zipEntries(fd) {
  const directory = readCentralDirectory(fd)
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === CENTRAL_HEADER_SIGNATURE;) {
    const nameLength = directory.readUInt16LE(at + 28)
    yield {
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      packedSize: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      mode: (directory.readUInt32LE(at + 38) >>> 16) & 0o777,
      at: directory.readUInt32LE(at + 42),
    }
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  }
}

/** The bytes of one entry. */
export function readZipEntry(fd, entry) {
  const packed = Buffer.alloc(entry.packedSize)
  readSync(fd, packed, 0, packed.length, dataStart(fd, entry))
  const bytes = entry.method === 0 ? packed : inflateRawSync(packed)
  if (bytes.length !== entry.size) {
    throw new Error(`${entry.name} unpacked to ${bytes.length} bytes, its directory says ${entry.size}`)
  }
  return bytes
}

/** Unpacks one entry to a file without holding it in memory; `onBytes` hears of the packed bytes read. */
export async function extractZipEntry(file, fd, entry, target, onBytes) {
  const start = dataStart(fd, entry)
  const source = createReadStream(file, {
    start,
    end: start + Math.max(0, entry.packedSize - 1),
    highWaterMark: 1 << 20,
  })
  source.on('data', (chunk) => onBytes?.(chunk.length))
  const sink = createWriteStream(target)
  await (entry.method === 8
    ? pipeline(source, createInflateRaw({ chunkSize: 1 << 20 }), sink)
    : pipeline(source, sink))
  if (statSync(target).size !== entry.size) {
    throw new Error(`${entry.name} unpacked to a wrong size`)
  }
}

function readCentralDirectory(fd) {
  const { size } = fstatSync(fd)
  const tail = Buffer.alloc(Math.min(size, END_RECORD_SEARCH_BYTES))
  readSync(fd, tail, 0, tail.length, size - tail.length)
  const end = tail.lastIndexOf(END_RECORD)
  if (end < 0) {
    throw new Error('not a zip file')
  }
  const directory = Buffer.alloc(tail.readUInt32LE(end + 12))
  readSync(fd, directory, 0, directory.length, tail.readUInt32LE(end + 16))
  return directory
}

function dataStart(fd, entry) {
  const header = Buffer.alloc(LOCAL_HEADER_BYTES)
  readSync(fd, header, 0, header.length, entry.at)
  return entry.at + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28)
}
