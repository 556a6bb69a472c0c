import type { Segment } from '../segment.ts'

/**
 * The `segmentation` of a COCO annotation: polygons, or run lengths as numbers or as COCO's text of them.
 *
 * @returns Null for what is none of them; its owner's box then stands for it.
 */
export function parseSegment(value: unknown): Segment | null {
  if (Array.isArray(value)) {
    const outlines = value.filter(isOutline).map((outline) => Float64Array.from(outline))
    return outlines.length === 0 ? null : { kind: 'polygons', outlines }
  }
  if (typeof value !== 'object' || value === null || !('counts' in value) || !('size' in value)) {
    return null
  }
  const { counts, size } = value
  const [height, width] = Array.isArray(size) ? (size as unknown[]) : []
  const lengths = typeof counts === 'string' ? decodeCounts(counts) : listCounts(counts)
  return isSide(height) && isSide(width) && lengths !== null ? { kind: 'runs', width, height, lengths } : null
}

/** Three corners at least. */
function isOutline(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length >= 6 &&
    value.length % 2 === 0 &&
    value.every((entry) => typeof entry === 'number' && Math.abs(entry) < FARTHEST)
  )
}

/** Far outside of every picture that is opened; the walk along an edge takes as many steps. */
const FARTHEST = 1e5

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0
}

function listCounts(counts: unknown): Uint32Array | null {
  const isList = Array.isArray(counts) && counts.every((count) => Number.isInteger(count) && count >= 0)
  return isList ? Uint32Array.from(counts as number[]) : null
}

/** COCO's text of run lengths: five bits a character from the lowest on, from the fourth run on less the run two before. */
function decodeCounts(text: string): Uint32Array | null {
  const lengths: number[] = []
  let at = 0
  while (at < text.length) {
    let value = 0
    let bits = 0
    let code = 0
    do {
      code = text.charCodeAt(at++) - 48
      if (!(code >= 0 && code < 64) || bits > 25) {
        return null
      }
      value |= (code & 31) << bits
      bits += 5
    } while ((code & 32) !== 0)
    if ((code & 16) !== 0) {
      value |= -1 << bits
    }
    const length = value + (lengths.length > 2 ? (lengths.at(-2) ?? 0) : 0)
    if (length < 0) {
      return null
    }
    lengths.push(length)
  }
  return Uint32Array.from(lengths)
}
