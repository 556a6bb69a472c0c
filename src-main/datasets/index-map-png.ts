import { crc32, inflateSync } from 'node:zlib'
import { countRowBytes, listPasses, PNG_CHANNELS, readPngHeader, type PngHeader } from './png-header.ts'

/** Stored values of a PNG: palette indices and grey values as they are, neither colours nor stretched. */
export interface IndexMap {
  readonly width: number
  readonly height: number
  /** [height * width], 0..65535. */
  readonly values: Uint16Array
}

const SIGNATURE = '\x89PNG\r\n\x1a\n'
const HEADER_BYTES = 33
/** 64 megapixels, as for all pictures of this program: larger ones are refused by their header. */
const MOST_PIXELS = 64 * 1024 * 1024

/**
 * Reads an index map: grey of 1 to 16 bits, palette, or colour whose channels are equal; alpha does not count. Interlaced or not.
 *
 * @throws Error that says what is wrong with the file.
 * Source: PNG specification (W3C, 3rd edition), chapters 5, 7, 8 and 9.
 */
export function decodeIndexMap(file: Buffer): IndexMap {
  const header = readHeader(file)
  const channels = PNG_CHANNELS[header.colourType] ?? 1
  const passes = listPasses(header)
  const total = countRowBytes(header)
  const data = unpack(joinPixelChunks(file), total)
  if (data.length !== total) {
    throw new Error(
      `${String(data.length)} bytes of pixels do not fill ${String(header.width)} × ${String(header.height)}`,
    )
  }
  const values = new Uint16Array(header.width * header.height)
  const bytesPerPixel = Math.max(1, (channels * header.bits) / 8)
  // What nearly every label map is; a call for each pixel would cost as much as the row filters.
  const isPlain = channels === 1 && header.bits === 8 && !header.isInterlaced
  let begin = 0
  for (const { left, top, columns, rows, width, height, rowBytes, bytes } of passes) {
    const raw = unfilter(data.subarray(begin, begin + bytes), height, rowBytes, bytesPerPixel)
    begin += bytes
    for (let row = 0; row < height; row++) {
      const line = raw.subarray(row * rowBytes, (row + 1) * rowBytes)
      const start = (top + row * rows) * header.width + left
      if (isPlain) {
        values.set(line, start)
        continue
      }
      for (let column = 0; column < width; column++) {
        values[start + column * columns] = readPixel(line, column, header, channels)
      }
    }
  }
  return { width: header.width, height: header.height, values }
}

function unpack(packed: Buffer, bytes: number): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: bytes })
  } catch {
    throw new Error(`its pixels cannot be unpacked to ${String(bytes)} bytes`)
  }
}

function readHeader(file: Buffer): PngHeader {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE) {
    throw new Error('it is no PNG; label maps are PNGs, since other formats may change values')
  }
  const header = readPngHeader(file.subarray(16, HEADER_BYTES))
  if (header === null) {
    throw new Error(
      `PNG colour type ${String(file.readUInt8(25))} of ${String(file.readUInt8(24))} bits does not exist`,
    )
  }
  const pixels = header.width * header.height
  if (pixels === 0 || pixels > MOST_PIXELS) {
    throw new Error(
      `${String(header.width)} × ${String(header.height)} pixels; allowed are 1 to 64 megapixels`,
    )
  }
  return header
}

/** @throws Error if a chunk does not fit its check sum: a label would be another class without a word. */
function joinPixelChunks(file: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = SIGNATURE.length; at + 12 <= file.length;) {
    const length = file.readUInt32BE(at)
    const name = file.toString('latin1', at + 4, at + 8)
    if (at + 12 + length > file.length) {
      throw new Error('it is cut off')
    }
    if (crc32(file.subarray(at + 4, at + 8 + length)) !== file.readUInt32BE(at + 8 + length)) {
      throw new Error('it is damaged: a check sum does not fit')
    }
    if (name === 'IDAT') {
      parts.push(file.subarray(at + 8, at + 8 + length))
    }
    at += 12 + length
  }
  return Buffer.concat(parts)
}

function unfilter(filtered: Uint8Array, height: number, rowBytes: number, bytesPerPixel: number): Uint8Array {
  const rows = new Uint8Array(height * rowBytes)
  for (let row = 0; row < height; row++) {
    const from = row * (rowBytes + 1) + 1
    const filter = filtered[from - 1] ?? 0
    const to = row * rowBytes
    if (filter > 4) {
      throw new Error(`row filter ${String(filter)} does not exist`)
    }
    for (let i = 0; i < rowBytes; i++) {
      const left = i >= bytesPerPixel ? (rows[to + i - bytesPerPixel] ?? 0) : 0
      const up = row > 0 ? (rows[to + i - rowBytes] ?? 0) : 0
      const corner = row > 0 && i >= bytesPerPixel ? (rows[to + i - rowBytes - bytesPerPixel] ?? 0) : 0
      rows[to + i] = (filtered[from + i] ?? 0) + predict(filter, left, up, corner)
    }
  }
  return rows
}

function predict(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return nearestOf(left, up, corner)
    default:
      return 0
  }
}

/** Paeth's predictor. */
function nearestOf(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toCorner = Math.abs(estimate - corner)
  if (toLeft <= toUp && toLeft <= toCorner) {
    return left
  }
  return toUp <= toCorner ? up : corner
}

function readPixel(
  row: Uint8Array,
  column: number,
  { bits, colourType }: PngHeader,
  channels: number,
): number {
  const value = readSample(row, column * channels, bits)
  if (colourType === 2 || colourType === 6) {
    const green = readSample(row, column * channels + 1, bits)
    const blue = readSample(row, column * channels + 2, bits)
    if (green !== value || blue !== value) {
      throw new Error(
        'it is a colour picture; label maps are grey or palette PNGs whose values are class indices',
      )
    }
  }
  return value
}

/** Several samples may share a byte, the leftmost in its highest bits. */
function readSample(row: Uint8Array, index: number, bits: number): number {
  if (bits === 8) {
    return row[index] ?? 0
  }
  if (bits === 16) {
    return (row[index * 2] ?? 0) * 256 + (row[index * 2 + 1] ?? 0)
  }
  const bit = index * bits
  return ((row[bit >> 3] ?? 0) >> (8 - bits - (bit & 7))) & ((1 << bits) - 1)
}
