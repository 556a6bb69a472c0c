import sharp from 'sharp'
import type { RgbImage } from './dataset.ts'

/** A picture as PNG, for previews. Speed before size: a preview is written once and read from the local disk. */
export function encodePng({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer()
}
