import sharp from 'sharp'
import type { RgbImage } from './dataset.ts'

/** A picture as PNG, for previews. Speed before size: a preview is written once and read from the local disk. */
export function encodePng({ width, height, data }: RgbImage): Promise<Uint8Array> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 3 })
    .toBuffer()
}

/** A picture reduced so that its longer side is at most `longestSide` pixels; a smaller one as it is. */
export async function encodeReducedPng(
  { width, height, data }: RgbImage,
  longestSide: number,
): Promise<{ readonly width: number; readonly height: number; readonly bytes: Uint8Array }> {
  const scale = Math.min(1, longestSide / Math.max(width, height))
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  }
  const bytes = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize({ ...size, fit: 'fill' })
    .png({ compressionLevel: 3 })
    .toBuffer()
  return { ...size, bytes }
}

/** A label map as 8-bit grey PNG whose values are the classes. */
export function encodeLabelPng(labels: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  return sharp(labels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
}

/** A picture with shapes over it. @param shapes - SVG elements in pixels of the picture, made by this program. */
export function encodeOverlayPng({ width, height, data }: RgbImage, shapes: string): Promise<Uint8Array> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}">${shapes}</svg>`
  return sharp(data, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .png()
    .toBuffer()
}
