import { open, stat } from 'node:fs/promises'
import sharp, { type Sharp } from 'sharp'
import { EngineError } from '../contract/index.ts'
import type { RgbImage } from './dataset.ts'

/** Larger pictures are refused before they are decoded: 64 megapixels are 192 MB of RGB. */
export const MOST_PIXELS = 64 * 1024 * 1024

export interface ImageHeader {
  readonly width: number
  readonly height: number
  readonly bytes: number
}

export type HeaderCheck =
  { readonly ok: true; readonly header: ImageHeader } | { readonly ok: false; readonly reason: string }

/**
 * Reads a picture's size without decoding it; a JPEG or PNG that does not end as it should is decoded whole to find out
 * whether it is usable. Never throws: what is wrong is the answer.
 */
export async function checkImageFile(path: string): Promise<HeaderCheck> {
  try {
    const { size } = await stat(path)
    const { width, height, format } = await openImage(path).metadata()
    if (width * height > MOST_PIXELS) {
      return { ok: false, reason: 'picture of more than 64 megapixels' }
    }
    if (!(await hasProperEnd(path, size, format))) {
      await openImage(path).raw().toBuffer()
    }
    return { ok: true, header: { width, height, bytes: size } }
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return { ok: false, reason: isMissing ? 'picture file is missing' : 'picture cannot be decoded' }
  }
}

export interface CutOptions {
  /** Whole pixels of the stored picture; the whole picture if absent. */
  readonly cut?: {
    readonly left: number
    readonly top: number
    readonly width: number
    readonly height: number
  }
  /** Size after the cut. */
  readonly resize?: { readonly width: number; readonly height: number }
}

/**
 * Decodes to 8-bit RGB whatever the file has (grey, palette, CMYK, 16 bit, alpha dropped). The EXIF orientation is not
 * applied: annotations are in stored pixels.
 *
 * @throws EngineError DATASET, by the name of the file.
 */
export async function decodeImage(path: string, options: CutOptions = {}): Promise<RgbImage> {
  try {
    let pipeline = openImage(path)
    if (options.cut !== undefined) {
      pipeline = pipeline.extract(options.cut)
    }
    if (options.resize !== undefined) {
      pipeline = pipeline.resize({ ...options.resize, fit: 'fill' })
    }
    const { data, info } = await pipeline
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    if (info.channels !== 3) {
      throw new Error(`decoded to ${String(info.channels)} channels instead of 3`)
    }
    return { width: info.width, height: info.height, data: new Uint8Array(data) }
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${path} cannot be decoded: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

function openImage(path: string): Sharp {
  return sharp(path, { limitInputPixels: MOST_PIXELS, failOn: 'error', sequentialRead: true })
}

const JPEG_END = [0xff, 0xd9] as const
const PNG_END = [0x49, 0x45, 0x4e, 0x44] as const
/** Cameras append a few bytes after the end marker. */
const TAIL_BYTES = 256

/** True if the end marker is there; formats without a known one count as doubtful. */
async function hasProperEnd(path: string, size: number, format: string | undefined): Promise<boolean> {
  const marker = format === 'jpeg' ? JPEG_END : format === 'png' ? PNG_END : null
  if (marker === null) {
    return false
  }
  const file = await open(path)
  try {
    const length = Math.min(TAIL_BYTES, size)
    const tail = Buffer.alloc(length)
    await file.read(tail, 0, length, size - length)
    return tail.includes(Buffer.from(marker))
  } finally {
    await file.close()
  }
}
