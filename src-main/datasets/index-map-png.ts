import { inflateSync } from 'node:zlib'

/** Stored values of a PNG: palette indices and grey values as they are, neither colours nor stretched. */
export interface IndexMap {
  readonly width: number
  readonly height: number
  /** [height * width], 0..65535. */
  readonly values: Uint16Array
}

interface Header {
  readonly width: number
  readonly height: number
  readonly bits: number
  readonly colourType: number
  readonly isInterlaced: boolean
}

const SIGNATURE = '\x89PNG\r\n\x1a\n'
const HEADER_BYTES = 33
/** 64 megapixels, as for all pictures of this program: larger ones are refused by their header. */
const MOST_PIXELS = 64 * 1024 * 1024
/** Samples a pixel by PNG colour type: grey, colour, palette, grey with alpha, colour with alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
/** First column, first row, column step, row step of Adam7's passes. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const
const WHOLE = [[0, 0, 1, 1]] as const

/**
 * Reads an index map: grey of 1 to 16 bits, palette, or colour whose channels are equal; alpha does not count. Interlaced or not.
 *
 * @throws Error that says what is wrong with the file.
 * Source: PNG specification (W3C, 3rd edition), chapters 5, 7, 8 and 9.
 */
export function decodeIndexMap(file: Buffer): IndexMap {
  const header = readHeader(file)
  const passes = header.isInterlaced ? PASSES : WHOLE
  const channels = CHANNELS[header.colourType] ?? 1
  const sizes = passes.map(([left, top, columns, rows]) => {
    const width = Math.max(0, Math.ceil((header.width - left) / columns))
    const height = Math.max(0, Math.ceil((header.height - top) / rows))
    const rowBytes = Math.ceil((width * channels * header.bits) / 8)
    return { width, height, rowBytes, bytes: width === 0 ? 0 : height * (rowBytes + 1) }
  })
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0)
  const data = inflateSync(joinPixelChunks(file), { maxOutputLength: total })
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
  for (const [index, { width, height, rowBytes, bytes }] of sizes.entries()) {
    const [left, top, columns, rows] = passes[index] ?? WHOLE[0]
    const raw = unfilter(
      data.subarray(begin, begin + bytes),
      bytes === 0 ? 0 : height,
      rowBytes,
      bytesPerPixel,
    )
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

function readHeader(file: Buffer): Header {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE) {
    throw new Error('it is no PNG; label maps are PNGs, since other formats may change values')
  }
  const header = {
    width: file.readUInt32BE(16),
    height: file.readUInt32BE(20),
    bits: file.readUInt8(24),
    colourType: file.readUInt8(25),
    isInterlaced: file.readUInt8(28) !== 0,
  }
  if (CHANNELS[header.colourType] === undefined || ![1, 2, 4, 8, 16].includes(header.bits)) {
    throw new Error(
      `PNG colour type ${String(header.colourType)} of ${String(header.bits)} bits does not exist`,
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

function joinPixelChunks(file: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = SIGNATURE.length; at + 12 <= file.length; at += file.readUInt32BE(at) + 12) {
    if (file.toString('latin1', at + 4, at + 8) === 'IDAT') {
      parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)))
    }
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

function readPixel(row: Uint8Array, column: number, { bits, colourType }: Header, channels: number): number {
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
