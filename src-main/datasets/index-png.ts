import { inflateSync } from 'node:zlib'

export interface PngIndices {
  readonly width: number
  readonly height: number
  /** [height * width]: index of each pixel's colour, or its grey value as stored. */
  readonly indices: Uint8Array
}

const HEADER_AT = 8
const GREY = 0
const PALETTE = 3
const SIGNATURE = '\x89PNG\r\n\x1a\n'

/** True for PNGs whose stored values general decoders do not give: palettes become colours, greys below 8 bits are stretched. */
export function isPackedPng(file: Buffer): boolean {
  if (file.length < HEADER_AT + 21 || file.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE) {
    return false
  }
  const bits = file.readUInt8(HEADER_AT + 16)
  const colourType = file.readUInt8(HEADER_AT + 17)
  return colourType === PALETTE || (colourType === GREY && bits < 8)
}

/**
 * Stored values of a palette or grey PNG of at most 8 bits, as segmentation tools save label maps.
 *
 * @throws Error that says what is not read: interlacing, another colour type, damaged data.
 * Source: PNG specification (W3C, 3rd edition), chapters 5, 7 and 9.
 */
export function readPngIndices(file: Buffer): PngIndices {
  const width = file.readUInt32BE(HEADER_AT + 8)
  const height = file.readUInt32BE(HEADER_AT + 12)
  const bits = file.readUInt8(HEADER_AT + 16)
  if (![GREY, PALETTE].includes(file.readUInt8(HEADER_AT + 17)) || ![1, 2, 4, 8].includes(bits)) {
    throw new Error('not a palette or grey PNG of at most 8 bits')
  }
  if (file.readUInt8(HEADER_AT + 20) !== 0) {
    throw new Error('interlaced PNGs of this kind are not read')
  }
  const rowBytes = Math.ceil((width * bits) / 8)
  const filtered = inflateSync(joinChunks(file, 'IDAT'), { maxOutputLength: height * (rowBytes + 1) })
  if (filtered.length !== height * (rowBytes + 1)) {
    throw new Error(
      `${String(filtered.length)} bytes of pixels do not fill ${String(width)} x ${String(height)}`,
    )
  }
  return {
    width,
    height,
    indices: unpack(unfilter(filtered, height, rowBytes), { width, height, bits, rowBytes }),
  }
}

function joinChunks(file: Buffer, wanted: string): Buffer {
  const parts: Buffer[] = []
  let at = HEADER_AT
  while (at + 12 <= file.length) {
    const length = file.readUInt32BE(at)
    if (file.toString('latin1', at + 4, at + 8) === wanted) {
      parts.push(file.subarray(at + 8, at + 8 + length))
    }
    at += length + 12
  }
  return Buffer.concat(parts)
}

/** Undoes the row filters; indices are at most one byte, so the pixel to the left is the byte to the left. */
function unfilter(filtered: Uint8Array, height: number, rowBytes: number): Uint8Array {
  const rows = new Uint8Array(height * rowBytes)
  for (let row = 0; row < height; row++) {
    const filter = filtered[row * (rowBytes + 1)] ?? 0
    for (let column = 0; column < rowBytes; column++) {
      const at = row * rowBytes + column
      const left = column > 0 ? (rows[at - 1] ?? 0) : 0
      const up = row > 0 ? (rows[at - rowBytes] ?? 0) : 0
      const corner = row > 0 && column > 0 ? (rows[at - rowBytes - 1] ?? 0) : 0
      rows[at] = (filtered[row * (rowBytes + 1) + 1 + column] ?? 0) + predict(filter, left, up, corner)
    }
  }
  return rows
}

function predict(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return paeth(left, up, corner)
    default:
      throw new Error(`row filter ${String(filter)} does not exist`)
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toCorner = Math.abs(estimate - corner)
  if (toLeft <= toUp && toLeft <= toCorner) {
    return left
  }
  return toUp <= toCorner ? up : corner
}

interface Packing {
  readonly width: number
  readonly height: number
  readonly bits: number
  readonly rowBytes: number
}

/** Several pixels may share a byte, the leftmost in its highest bits. */
function unpack(rows: Uint8Array, { width, height, bits, rowBytes }: Packing): Uint8Array {
  const indices = new Uint8Array(width * height)
  const perByte = 8 / bits
  const mask = (1 << bits) - 1
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const byte = rows[row * rowBytes + Math.floor(column / perByte)] ?? 0
      indices[row * width + column] = (byte >> (8 - bits * ((column % perByte) + 1))) & mask
    }
  }
  return indices
}
