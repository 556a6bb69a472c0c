import { basename } from 'node:path'
import { EngineError } from '../contract/index.ts'
import type { PredictImage } from '../contract/index.ts'
import { MOST_SMALL_BYTES, readForeignJson } from '../files/foreign-text.ts'

type Boxes = NonNullable<PredictImage['boxes']>
type Box = Boxes[number]

/** "x,y,width,height" in pixels. @throws EngineError BAD_REQUEST. */
export function parseBox(given: string): Box {
  return toBox(given.split(',').map(Number), `--box "${given}"`)
}

/**
 * Boxes by picture from a JSON file: { "picture.jpg": [[x, y, width, height], …] }, or a list of { file_name, bbox }.
 *
 * @returns The boxes of a picture by its path or its file name; null for one that the file does not name.
 * @throws EngineError BAD_REQUEST naming the file.
 */
export async function readBoxesFile(file: string): Promise<(image: string) => Boxes | null> {
  const value = await readForeignJson(file, { mostBytes: MOST_SMALL_BYTES })
  const found = new Map<string, Box[]>()
  for (const [name, numbers] of listEntries(file, value)) {
    const boxes = found.get(name) ?? []
    boxes.push(toBox(numbers, `${file}, ${name}`))
    found.set(name, boxes)
  }
  return (image) => found.get(image) ?? found.get(basename(image)) ?? null
}

function listEntries(file: string, value: unknown): (readonly [name: string, box: unknown])[] {
  if (Array.isArray(value)) {
    return value.map((entry: unknown) => {
      const { file_name: name, bbox } = (entry ?? {}) as { file_name?: unknown; bbox?: unknown }
      if (typeof name !== 'string') {
        throw new EngineError('BAD_REQUEST', `${file}: each entry needs file_name and bbox.`)
      }
      return [name, bbox] as const
    })
  }
  if (typeof value !== 'object' || value === null) {
    throw new EngineError('BAD_REQUEST', `${file}: needs { "picture.jpg": [[x, y, width, height], …] }.`)
  }
  return Object.entries(value).flatMap(([name, boxes]: [string, unknown]) => {
    if (!Array.isArray(boxes)) {
      throw new EngineError('BAD_REQUEST', `${file}: ${name} must be a list of boxes.`)
    }
    return boxes.map((box: unknown) => [name, box] as const)
  })
}

function toBox(value: unknown, where: string): Box {
  const [x, y, width, height, ...rest] = Array.isArray(value) ? (value as readonly unknown[]) : []
  if (
    !(isFinite(x) && isFinite(y) && isFinite(width) && isFinite(height)) ||
    !(width > 0 && height > 0) ||
    rest.length > 0
  ) {
    throw new EngineError(
      'BAD_REQUEST',
      `${where}: a box is x,y,width,height in pixels with width and height above 0.`,
    )
  }
  return [x, y, width, height]
}

function isFinite(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
