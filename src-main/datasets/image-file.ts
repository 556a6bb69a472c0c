import { open, readFile } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { EngineError } from '../contract/index.ts'
import type { RgbImage } from './dataset.ts'
import { checkFormat, type PictureFormat } from './picture-format.ts'

/** Larger pictures are refused before they are decoded: 64 megapixels are 192 MB of RGB. */
export const MOST_PIXELS = 64 * 1024 * 1024

export interface ImageHeader {
  /** As stored, before any EXIF orientation. */
  readonly width: number
  readonly height: number
  readonly bytes: number
  /** EXIF says that the picture is to be shown turned by a quarter, so width and height may be meant the other way round. */
  readonly isTurned: boolean
  /** More than one frame or page; the first is what counts. */
  readonly isAnimated: boolean
}

export type HeaderCheck =
  { readonly ok: true; readonly header: ImageHeader } | { readonly ok: false; readonly reason: string }

/**
 * Reads a picture's size without decoding it; one that does not end as it should is decoded whole to find out whether it is
 * usable. What is too large or of another format is refused before a decoder sees it. Never throws: what is wrong is the answer.
 */
export async function checkImageFile(path: string): Promise<HeaderCheck> {
  try {
    const check = await checkFormat(path)
    if (!check.ok) {
      return check
    }
    const { width, height, orientation = 1, pages = 1 } = await sharp(path, HEADER_OPTIONS).metadata()
    if (width * height > MOST_PIXELS) {
      return {
        ok: false,
        reason: `picture of more than ${String(MOST_PIXELS / 1024 / 1024)} megapixels`,
      }
    }
    const isSound =
      (await hasProperEnd(path, check.bytes, check.format)) && (await hasSoundChunks(path, check))
    if (!isSound) {
      await openImage(path).raw().toBuffer()
    }
    const isTurned = orientation >= FIRST_QUARTER_TURN
    return { ok: true, header: { width, height, bytes: check.bytes, isTurned, isAnimated: pages > 1 } }
  } catch (error) {
    return { ok: false, reason: isMissing(error) ? 'picture file is missing' : 'picture cannot be decoded' }
  }
}

/** EXIF orientations 5 to 8 exchange width and height. */
const FIRST_QUARTER_TURN = 5
/** The header alone is read, so no size can do harm yet; the size is judged by us, with words. */
const HEADER_OPTIONS = { limitInputPixels: false, failOn: 'error', sequentialRead: true } as const

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Size in which annotations count, and whether the picture has to be turned for it. */
export interface FittedSize {
  readonly width: number
  readonly height: number
  readonly isTurned: boolean
}

/**
 * Annotations are in stored pixels, as the reference tools read them, unless their size fits only the picture turned as EXIF
 * says.
 *
 * @param annotated - Width and height that the annotation states; null where it states none.
 * @returns Null if the sizes do not agree.
 */
export function fitAnnotatedSize(
  { width, height, isTurned }: ImageHeader,
  annotated: { readonly width: number | null; readonly height: number | null },
): FittedSize | null {
  const fits = (w: number, h: number): boolean =>
    (annotated.width ?? w) === w && (annotated.height ?? h) === h
  if (fits(width, height)) {
    return { width, height, isTurned: false }
  }
  return isTurned && fits(height, width) ? { width: height, height: width, isTurned: true } : null
}

export interface CutOptions {
  /** Whole pixels of the stored picture; the whole picture if absent. */
  readonly cut?: {
    readonly left: number
    readonly top: number
    readonly width: number
    readonly height: number
  }
  /** Turn the picture as EXIF says before anything else; default false. */
  readonly isTurned?: boolean
  /** Size after the cut. */
  readonly resize?: { readonly width: number; readonly height: number }
}

/**
 * Decodes to 8-bit RGB whatever the file has (grey, palette, CMYK, 16 bit, alpha dropped, the first of several frames). The EXIF
 * orientation is applied only on demand: annotations are in stored pixels.
 *
 * @throws EngineError DATASET, by the name of the file.
 */
export async function decodeImage(path: string, options: CutOptions = {}): Promise<RgbImage> {
  try {
    const check = await checkFormat(path)
    if (!check.ok) {
      throw new Error(check.reason)
    }
    let pipeline = openImage(path, options.isTurned)
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

function openImage(path: string, isTurned = false): Sharp {
  return sharp(path, {
    limitInputPixels: MOST_PIXELS,
    failOn: 'error',
    sequentialRead: true,
    autoOrient: isTurned,
  })
}

/** Larger PNGs are not read whole only to add up their check sums. */
const MOST_SUMMED_BYTES = 16 * 1024 * 1024

/** A PNG says for each of its parts whether it is whole; true for other formats. */
async function hasSoundChunks(
  path: string,
  { format, bytes }: { readonly format: PictureFormat; readonly bytes: number },
): Promise<boolean> {
  if (format !== 'png' || bytes > MOST_SUMMED_BYTES) {
    return true
  }
  const file = await readFile(path)
  for (let at = PNG_SIGNATURE_BYTES; at + 12 <= file.length;) {
    const length = file.readUInt32BE(at)
    if (at + 12 + length > file.length) {
      return false
    }
    if (crc32(file.subarray(at + 4, at + 8 + length)) !== file.readUInt32BE(at + 8 + length)) {
      return false
    }
    at += 12 + length
  }
  return true
}

const PNG_SIGNATURE_BYTES = 8

const JPEG_END = [0xff, 0xd9] as const
const PNG_END = [0x49, 0x45, 0x4e, 0x44] as const
/** Cameras append a few bytes after the end marker. */
const TAIL_BYTES = 256

/** True if the end marker is there; formats without a known one count as doubtful. */
async function hasProperEnd(path: string, size: number, format: PictureFormat): Promise<boolean> {
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
