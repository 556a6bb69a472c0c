import { EngineError } from './error.ts'
import type { PictureResults, PictureResultsKind } from './picture-results.ts'

/** Kind, pictures, and classes or detections, each in 32 bits; the fourth word keeps the doubles behind it aligned. */
const HEADER_WORDS = 4
const HEADER_BYTES = HEADER_WORDS * Uint32Array.BYTES_PER_ELEMENT
const KINDS: readonly PictureResultsKind[] = ['ratio', 'iou', 'ap']

/** As bytes: a header, then the arrays one after the other, wider elements first, little-endian as all machines of ours are. */
export function packPictureResults(results: PictureResults): Uint8Array<ArrayBuffer> {
  const { pictures, second, arrays } = partsOf(results)
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, HEADER_BYTES))
  new Uint32Array(bytes.buffer, 0, HEADER_WORDS).set([KINDS.indexOf(results.kind), pictures, second])
  let at = HEADER_BYTES
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += array.byteLength
  }
  return bytes
}

/** @throws EngineError STORAGE where the bytes are none that `packPictureResults` wrote. */
export function unpackPictureResults(packed: Uint8Array): PictureResults {
  // A copy starts at offset 0, where every element type is aligned.
  const { buffer } = new Uint8Array(packed)
  if (buffer.byteLength < HEADER_BYTES) {
    throw malformed(buffer.byteLength, HEADER_BYTES)
  }
  const [kind = 0, pictures = 0, second = 0] = new Uint32Array(buffer, 0, HEADER_WORDS)
  const results = readArrays(KINDS[kind], createReader(buffer), pictures, second)
  const expected = packedBytes(results)
  if (expected !== buffer.byteLength) {
    throw malformed(buffer.byteLength, expected)
  }
  return results
}

interface Parts {
  readonly pictures: number
  /** Classes, or detections. */
  readonly second: number
  readonly arrays: readonly (Uint32Array | Float64Array | Uint16Array)[]
}

function partsOf(results: PictureResults): Parts {
  switch (results.kind) {
    case 'ratio':
      return { pictures: results.hits.length, second: 0, arrays: [results.hits, results.trials] }
    case 'iou': {
      const { classes, intersections, unions } = results
      const pictures = classes === 0 ? 0 : intersections.length / classes
      return { pictures, second: classes, arrays: [intersections, unions] }
    }
    case 'ap': {
      const { positives, counts, scores, matched, ignored } = results
      const arrays = [scores, positives, counts, matched, ignored]
      return { pictures: positives.length, second: scores.length, arrays }
    }
    default:
      return results satisfies never
  }
}

function packedBytes(results: PictureResults): number {
  return partsOf(results).arrays.reduce((sum, { byteLength }) => sum + byteLength, HEADER_BYTES)
}

interface ArrayReader {
  readonly words: (count: number) => Uint32Array
  readonly halves: (count: number) => Uint16Array
  readonly doubles: (count: number) => Float64Array
}

function createReader(buffer: ArrayBuffer): ArrayReader {
  let at = HEADER_BYTES
  const take = (bytes: number): number => {
    const begin = at
    at += bytes
    if (at > buffer.byteLength) {
      throw malformed(buffer.byteLength, at)
    }
    return begin
  }
  return {
    words: (count) => new Uint32Array(buffer, take(count * Uint32Array.BYTES_PER_ELEMENT), count),
    halves: (count) => new Uint16Array(buffer, take(count * Uint16Array.BYTES_PER_ELEMENT), count),
    doubles: (count) => new Float64Array(buffer, take(count * Float64Array.BYTES_PER_ELEMENT), count),
  }
}

function readArrays(
  kind: PictureResultsKind | undefined,
  { words, halves, doubles }: ArrayReader,
  pictures: number,
  second: number,
): PictureResults {
  switch (kind) {
    case 'ratio':
      return { kind, hits: words(pictures), trials: words(pictures) }
    case 'iou': {
      const cells = pictures * second
      return { kind, classes: second, intersections: words(cells), unions: words(cells) }
    }
    case 'ap': {
      const scores = doubles(second)
      const [positives, counts] = [words(pictures), words(pictures)]
      return { kind, scores, positives, counts, matched: halves(second), ignored: halves(second) }
    }
    case undefined:
      throw new EngineError(
        'STORAGE',
        `Results by picture are of a kind that is none of: ${KINDS.join(', ')}.`,
      )
    default:
      return kind satisfies never
  }
}

function malformed(bytes: number, expected: number): EngineError {
  return new EngineError(
    'STORAGE',
    `Results by picture have ${bytes} bytes, and their header needs ${expected}.`,
  )
}
