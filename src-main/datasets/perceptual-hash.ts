import sharp from 'sharp'
import { readRegularFile } from '../files/regular-file.ts'
import { MOST_PIXELS } from './image-file.ts'
import { MOST_FILE_BYTES } from './picture-format.ts'

/** The picture is made this small on both sides; neighbours are compared across and down. */
const SIDE = 9
const ACROSS = SIDE * (SIDE - 1)
/** Bits of a hash: 72 comparisons across and 72 down. */
export const HASH_BITS = 2 * ACROSS
/** Grey levels between the darkest and the brightest cell. */
const LEAST_CONTRAST = 24
const HASH_WORDS = Math.ceil(HASH_BITS / 32)

/**
 * A difference hash: which of two neighbouring cells of a tiny grey picture is brighter. Sizes, compression and brightness hardly change
 * it; another picture does. As hexadecimal text of whole 32-bit words; empty for a picture with so little contrast at this size that the
 * comparisons would be chance.
 *
 * @throws Error if the picture cannot be decoded.
 */
export async function hashPicture(path: string, isTurned: boolean): Promise<string> {
  const grey = await sharp(await readRegularFile(path, { mostBytes: MOST_FILE_BYTES }), {
    ...{ limitInputPixels: MOST_PIXELS, failOn: 'error', sequentialRead: true, autoOrient: isTurned },
  })
    .greyscale()
    .resize(SIDE, SIDE, { fit: 'fill' })
    .raw()
    .toBuffer()
  return hashGrey(grey)
}

/** @param grey - Brightness, row by row, [9 * 9]. */
export function hashGrey(grey: ArrayLike<number>): string {
  const values = Array.from(grey)
  if (Math.max(...values) - Math.min(...values) < LEAST_CONTRAST) {
    return ''
  }
  const words = new Uint32Array(HASH_WORDS)
  const set = (bit: number, from: number, to: number): void => {
    if ((grey[from] ?? 0) < (grey[to] ?? 0)) {
      words[bit >>> 5] = ((words[bit >>> 5] ?? 0) | (1 << (bit & 31))) >>> 0
    }
  }
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE - 1; column++) {
      set(row * (SIDE - 1) + column, row * SIDE + column, row * SIDE + column + 1)
      set(ACROSS + row + column * SIDE, column * SIDE + row, (column + 1) * SIDE + row)
    }
  }
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('')
}

/** The words of a hash. */
export function hashWords(hash: string): Uint32Array {
  return Uint32Array.from({ length: HASH_WORDS }, (_, word) =>
    Number.parseInt(hash.slice(word * 8, word * 8 + 8), 16),
  )
}

/** In how many bits two hashes differ. */
export function hashDistance(a: Uint32Array, b: Uint32Array): number {
  let distance = 0
  for (let word = 0; word < HASH_WORDS; word++) {
    distance += countBits((a[word] ?? 0) ^ (b[word] ?? 0))
  }
  return distance
}

function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
