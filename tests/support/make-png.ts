import { crc32, deflateSync } from 'node:zlib'

export interface MadePng {
  readonly width: number
  readonly height: number
  readonly colourType: 0 | 2 | 3 | 4 | 6
  readonly bits?: 1 | 2 | 4 | 8 | 16
  /** Rows that are there; default all. */
  readonly rows?: number
  /** Bytes after the data. */
  readonly trailing?: number
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** A PNG with sound check sums whose header may promise more rows than there are. */
export function makePng({
  width,
  height,
  colourType,
  bits = 8,
  rows = height,
  trailing = 0,
}: MadePng): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([bits, colourType, 0, 0, 0], 8)
  const rowBytes = 1 + Math.ceil((width * CHANNELS[colourType] * bits) / 8)
  const data = Buffer.alloc(rows * rowBytes)
  for (let at = 0; at < data.length; at++) {
    data[at] = at % rowBytes === 0 ? 0 : (at * 31) % 7
  }
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    ...(colourType === 3 ? [pngChunk('PLTE', Buffer.alloc(3 * 2 ** bits, 1))] : []),
    pngChunk('IDAT', Buffer.concat([deflateSync(data), Buffer.alloc(trailing, 7)])),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

export function pngChunk(name: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(body.length, 0)
  frame.writeUInt32BE(crc32(named), 4)
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)])
}
