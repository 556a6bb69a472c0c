import { decodeIndexMap } from './index-map-png.ts'

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
 */
export function readPngIndices(file: Buffer): PngIndices {
  const bits = file.readUInt8(HEADER_AT + 16)
  if (![GREY, PALETTE].includes(file.readUInt8(HEADER_AT + 17)) || ![1, 2, 4, 8].includes(bits)) {
    throw new Error('not a palette or grey PNG of at most 8 bits')
  }
  if (file.readUInt8(HEADER_AT + 20) !== 0) {
    throw new Error('interlaced PNGs of this kind are not read')
  }
  const { width, height, values } = decodeIndexMap(file)
  return { width, height, indices: new Uint8Array(values) }
}
