import { EngineError } from '../../contract/index.ts'
import { parseForeignJson } from '../../files/foreign-text.ts'
import { showValue } from '../../files/show-value.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { isFiniteNumber, isRecord } from '../json-values.ts'

/** A person's box as a detector found it. */
export interface DetectedBox {
  readonly imageId: number
  /** x, y, width, height in stored pixels; may reach beyond the picture. */
  readonly box: readonly [x: number, y: number, width: number, height: number]
  readonly score: number
}

/** The person boxes of a detection file that count. */
export interface Detections {
  /** Of the file's content. */
  readonly fingerprint: string
  /** In the file's order. */
  readonly boxes: readonly DetectedBox[]
  /** Entries of other categories, of too low a score, and of no extent. */
  readonly skipped: {
    readonly otherCategory: number
    readonly belowThreshold: number
    readonly withoutExtent: number
  }
}

/**
 * Reads a COCO result file of boxes: a list of { image_id, category_id, bbox: [x, y, width, height], score }. As the published code does,
 * entries of other categories and of scores below the threshold are passed over.
 *
 * @param name - What to call the file.
 * @param category - Number of the person category; 1 in COCO.
 * @throws EngineError DATASET naming the entry and field that is not as COCO has it, or that no person is in the file.
 */
export function parseDetections(text: string, name: string, category: number, threshold: number): Detections {
  const entries = readList(text, name)
  const skipped = { otherCategory: 0, belowThreshold: 0, withoutExtent: 0 }
  const categories = new Set<number>()
  const boxes = entries.flatMap((value, index): DetectedBox[] => {
    const where = `${name}: [${String(index)}]`
    const entry = isRecord(value) ? value : {}
    const own = requireNumber(
      entry['category_id'],
      `${where}.category_id`,
      "is missing: the detected object's category",
    )
    categories.add(own)
    const imageId = requireNumber(entry['image_id'], `${where}.image_id`, 'must be the number of a picture')
    const box = requireBox(entry['bbox'], `${where}.bbox`)
    const score = requireNumber(entry['score'], `${where}.score`, 'must be a number')
    if (own !== category) {
      skipped.otherCategory += 1
    } else if (score < threshold) {
      skipped.belowThreshold += 1
    } else if (box[2] <= 0 || box[3] <= 0) {
      skipped.withoutExtent += 1
    } else {
      return [{ imageId, box, score }]
    }
    return []
  })
  if (boxes.length === 0) {
    throw new EngineError('DATASET', describeEmpty(name, category, threshold, { categories, skipped }))
  }
  return { fingerprint: fingerprintOf([text]), boxes, skipped }
}

function readList(text: string, name: string): readonly unknown[] {
  const value = parseForeignJson(text, { name, code: 'DATASET' })
  if (!Array.isArray(value)) {
    throw new EngineError(
      'DATASET',
      `${name} must hold a list of { image_id, category_id, bbox, score }, as COCO's result files do`,
    )
  }
  return value
}

function requireNumber(value: unknown, where: string, problem: string): number {
  if (!isFiniteNumber(value)) {
    throw new EngineError('DATASET', `${where} ${problem}, got ${showValue(value)}`)
  }
  return value
}

function requireBox(value: unknown, where: string): DetectedBox['box'] {
  const [x, y, width, height, ...rest] = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (
    !isFiniteNumber(x) ||
    !isFiniteNumber(y) ||
    !isFiniteNumber(width) ||
    !isFiniteNumber(height) ||
    rest.length > 0
  ) {
    throw new EngineError('DATASET', `${where} must be [x, y, width, height], got ${showValue(value)}`)
  }
  return [x, y, width, height]
}

function describeEmpty(
  name: string,
  category: number,
  threshold: number,
  {
    categories,
    skipped,
  }: { readonly categories: ReadonlySet<number>; readonly skipped: Detections['skipped'] },
): string {
  if (categories.size > 0 && !categories.has(category)) {
    const found = [...categories].toSorted((a, b) => a - b)
    return `${name} has no box of category ${String(category)} (person), only of ${found.slice(0, 10).join(', ')}`
  }
  return categories.size === 0
    ? `${name} is an empty list`
    : `${name}: none of its ${String(skipped.belowThreshold + skipped.withoutExtent)} person boxes has an extent and a score of ${String(threshold)} or more`
}
