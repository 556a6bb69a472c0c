import sharp, { type Sharp } from 'sharp'
import { EngineError } from '../contract/index.ts'
import { answering, NoAnswer } from '../files/answering.ts'
import { FileProblem, openRegularFile, readRegularFile, type RegularFile } from '../files/regular-file.ts'
import type { RgbImage } from './dataset.ts'
import { checkOpenFormat, judgeFormat, MOST_FILE_BYTES } from './picture-format.ts'

// libvips remembers what it read of a path, whatever becomes of the file: one that was replaced would answer for its predecessor.
sharp.cache(false)

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
 * Reads a picture's size. A JPEG that ends as it should is believed, as its header costs a hundredth of its pixels; every other picture is
 * decoded to find out whether it is usable: a PNG may promise rows that it does not hold. What is too large or of another format is refused
 * before a decoder sees it. Never throws: what is wrong is the answer.
 */
export async function checkImageFile(path: string): Promise<HeaderCheck> {
  try {
    const file = await openRegularFile(path)
    try {
      return await checkOpenFile(path, file)
    } finally {
      await file.close()
    }
  } catch (error) {
    return { ok: false, reason: describeProblem(error) }
  }
}

function describeProblem(error: unknown): string {
  if (error instanceof FileProblem) {
    return error.kind === 'missing' ? 'picture file is missing' : `picture cannot be read: ${error.reason}`
  }
  return error instanceof NoAnswer ? `picture cannot be read: ${error.message}` : 'picture cannot be decoded'
}

/** @throws Error if the picture cannot be decoded. */
async function checkOpenFile(path: string, file: RegularFile): Promise<HeaderCheck> {
  const check = await checkOpenFormat(file)
  if (!check.ok) {
    return check
  }
  const {
    width,
    height,
    orientation = 1,
    pages = 1,
  } = await answering(sharp(path, HEADER_OPTIONS).metadata())
  if (width * height > MOST_PIXELS) {
    return { ok: false, reason: `picture of more than ${String(MOST_PIXELS / 1024 / 1024)} megapixels` }
  }
  if (check.format !== 'jpeg' || !(await hasProperEnd(file))) {
    await decodeAway(await readRegularFile(path, { mostBytes: MOST_FILE_BYTES }), height)
  }
  const isTurned = orientation >= FIRST_QUARTER_TURN
  return { ok: true, header: { width, height, bytes: check.bytes, isTurned, isAnimated: pages > 1 } }
}

/** EXIF orientations 5 to 8 exchange width and height. */
const FIRST_QUARTER_TURN = 5
/** The header alone is read, so no size can do harm yet; the size is judged by us, with words. */
const HEADER_OPTIONS = { limitInputPixels: false, failOn: 'error', sequentialRead: true } as const

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
    // The bytes that were looked at are those that are decoded, whatever becomes of the file meanwhile.
    const file = await readRegularFile(path, { mostBytes: MOST_FILE_BYTES })
    const check = judgeFormat(file, file.length)
    if (!check.ok) {
      throw new Error(check.reason)
    }
    let pipeline = openImage(file, options.isTurned)
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
    const reason =
      error instanceof FileProblem ? error.reason : error instanceof Error ? error.message : String(error)
    throw new EngineError('DATASET', `${path} cannot be decoded: ${reason}`)
  }
}

function openImage(file: Buffer, isTurned = false): Sharp {
  return sharp(file, {
    limitInputPixels: MOST_PIXELS,
    failOn: 'error',
    sequentialRead: true,
    autoOrient: isTurned,
  })
}

/**
 * Decodes a picture down to the first pixel of its last row, which is there only after all others; rows are let go as they come, so that a
 * large picture takes no more memory than a small one.
 *
 * @throws Error if it is damaged.
 */
async function decodeAway(file: Buffer, height: number): Promise<void> {
  await openImage(file)
    .extract({ left: 0, top: height - 1, width: 1, height: 1 })
    .raw()
    .toBuffer()
}

const JPEG_END = Buffer.of(0xff, 0xd9)
/** Cameras append a few bytes after the end marker. */
const TAIL_BYTES = 256

async function hasProperEnd(file: RegularFile): Promise<boolean> {
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, file.size))
  await file.read(tail, file.size - tail.length)
  return tail.includes(JPEG_END)
}
