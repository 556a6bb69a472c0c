import { openRegularFile, type RegularFile } from '../files/regular-file.ts'

/** Formats that are decoded. Others, SVG above all, never reach a decoder. */
export type PictureFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff'

export type FormatCheck =
  | { readonly ok: true; readonly format: PictureFormat; readonly bytes: number }
  | { readonly ok: false; readonly reason: string }

/** A picture of 64 megapixels stored without compression has 192 MB; more is no photograph. */
export const MOST_FILE_BYTES = 256 * 1024 * 1024

const SIGNATURE_BYTES = 512

/**
 * Which picture format a file has by its first bytes, whatever its name says. Reads half a kilobyte.
 *
 * @throws FileProblem if the file cannot be opened.
 */
export async function checkFormat(path: string): Promise<FormatCheck> {
  const file = await openRegularFile(path)
  try {
    return await checkOpenFormat(file)
  } finally {
    await file.close()
  }
}

/** As {@link checkFormat}, of a file that is open. */
export async function checkOpenFormat(file: RegularFile): Promise<FormatCheck> {
  const head = Buffer.alloc(Math.min(file.size, SIGNATURE_BYTES))
  const count = await file.read(head, 0)
  return judgeFormat(head.subarray(0, count), file.size)
}

/** @param head - The beginning of the file. @param bytes - Size of the whole file. */
export function judgeFormat(head: Buffer, bytes: number): FormatCheck {
  if (bytes === 0) {
    return { ok: false, reason: 'picture file is empty' }
  }
  if (bytes > MOST_FILE_BYTES) {
    return { ok: false, reason: `picture file of more than ${String(MOST_FILE_BYTES / 1024 / 1024)} MB` }
  }
  const format = formatOf(head.subarray(0, SIGNATURE_BYTES))
  if (format !== null) {
    return { ok: true, format, bytes }
  }
  const isDrawing = /^\s*(<\?xml|<!DOCTYPE|<!--|<svg)/i.test(head.toString('utf8').replace(/^\uFEFF/, ''))
  return {
    ok: false,
    reason: isDrawing
      ? 'SVG and other XML is not read as a picture'
      : 'picture cannot be decoded: not a JPEG, PNG, WebP, GIF or TIFF file',
  }
}

function formatOf(head: Buffer): PictureFormat | null {
  const starts = (signature: string): boolean => head.toString('latin1', 0, signature.length) === signature
  if (starts('\xff\xd8\xff')) {
    return 'jpeg'
  }
  if (starts('\x89PNG\r\n\x1a\n')) {
    return 'png'
  }
  if (starts('RIFF') && head.toString('latin1', 8, 12) === 'WEBP') {
    return 'webp'
  }
  if (starts('GIF87a') || starts('GIF89a')) {
    return 'gif'
  }
  return starts('II*\0') || starts('MM\0*') ? 'tiff' : null
}
