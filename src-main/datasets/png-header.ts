/** The header of a PNG (W3C, 3rd edition, chapters 5 and 8) and what follows from it. */
export interface PngHeader {
  readonly width: number
  readonly height: number
  readonly bits: number
  readonly colourType: number
  readonly isInterlaced: boolean
}

const HEADER_BYTES = 13
/** Samples a pixel by colour type: grey, colour, palette, grey with alpha, colour with alpha. */
export const PNG_CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** First column, first row, column step, row step of Adam7's passes; of a picture that is not interlaced there is one. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const
const WHOLE = [[0, 0, 1, 1]] as const

export interface PngPass {
  readonly left: number
  readonly top: number
  readonly columns: number
  readonly rows: number
  readonly width: number
  readonly height: number
  /** Without the byte that names the filter. */
  readonly rowBytes: number
  /** Of all rows, with their filters. */
  readonly bytes: number
}

/** @param chunk - Content of IHDR. @returns Null for a colour type or depth that does not exist. */
export function readPngHeader(chunk: Buffer): PngHeader | null {
  if (chunk.length < HEADER_BYTES) {
    return null
  }
  const header = {
    width: chunk.readUInt32BE(0),
    height: chunk.readUInt32BE(4),
    bits: chunk.readUInt8(8),
    colourType: chunk.readUInt8(9),
    isInterlaced: chunk.readUInt8(12) !== 0,
  }
  const exists = PNG_CHANNELS[header.colourType] !== undefined && [1, 2, 4, 8, 16].includes(header.bits)
  return exists ? header : null
}

export function listPasses({ width, height, bits, colourType, isInterlaced }: PngHeader): PngPass[] {
  const channels = PNG_CHANNELS[colourType] ?? 1
  return (isInterlaced ? ADAM7 : WHOLE).map(([left, top, columns, rows]) => {
    const passWidth = Math.max(0, Math.ceil((width - left) / columns))
    const passHeight = passWidth === 0 ? 0 : Math.max(0, Math.ceil((height - top) / rows))
    const rowBytes = Math.ceil((passWidth * channels * bits) / 8)
    return {
      ...{ left, top, columns, rows, width: passWidth, height: passHeight, rowBytes },
      bytes: passHeight * (rowBytes + 1),
    }
  })
}

/** Bytes that the data of a whole picture unpack to. */
export function countRowBytes(header: PngHeader): number {
  return listPasses(header).reduce((sum, { bytes }) => sum + bytes, 0)
}
