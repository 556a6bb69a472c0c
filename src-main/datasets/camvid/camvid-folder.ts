import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, type ClassFacts } from '../../contract/index.ts'
import type { LeftOut } from '../left-out.ts'
import { STREET_CLASSES } from '../street-classes.ts'

/** One picture with its label map. */
export interface FramePair {
  readonly split: string
  /** File name without extension. */
  readonly stem: string
  readonly imagePath: string
  readonly labelPath: string
}

/** Names of folders that hold `images` and `labels`. */
export async function listSplits(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true })
  const splits: string[] = []
  for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
    const inside = await readdir(join(path, entry.name))
    if (inside.includes('images') && inside.includes('labels')) {
      splits.push(entry.name)
    }
  }
  return splits.toSorted()
}

/** Pictures of a split that have a label map of the same name. */
export async function listPairs(path: string, split: string, leftOut: LeftOut): Promise<FramePair[]> {
  const images = await filesByStem(join(path, split, 'images'), /\.(jpe?g|png)$/i)
  const labels = await filesByStem(join(path, split, 'labels'), /\.png$/i)
  for (const [stem, file] of labels) {
    if (!images.has(stem)) {
      leftOut.add('label map without its picture', `${split}/labels/${file}`)
    }
  }
  return [...images].flatMap(([stem, file]) => {
    const label = labels.get(stem)
    if (label === undefined) {
      leftOut.add('picture without its label map', `${split}/images/${file}`)
      return []
    }
    return [
      {
        split,
        stem,
        imagePath: join(path, split, 'images', file),
        labelPath: join(path, split, 'labels', label),
      },
    ]
  })
}

async function filesByStem(folder: string, pattern: RegExp): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name)).toSorted()
  return new Map(names.map((name) => [name.replace(pattern, ''), name]))
}

/**
 * Classes of meta.json: `classes` (names, index = label value) and `ignore_label`.
 *
 * @throws EngineError DATASET if the file is missing or not of that form.
 */
export async function readClasses(path: string): Promise<ClassFacts> {
  const file = join(path, 'meta.json')
  let meta: unknown
  try {
    meta = JSON.parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  const names: unknown = typeof meta === 'object' && meta !== null && 'classes' in meta ? meta.classes : null
  const ignore: unknown =
    typeof meta === 'object' && meta !== null && 'ignore_label' in meta ? meta.ignore_label : null
  if (!isTextList(names) || names.length < 2 || names.length > MOST_CLASSES) {
    throw new EngineError('DATASET', `${file}: classes must be a list of 2 to ${String(MOST_CLASSES)} names`)
  }
  if (typeof ignore !== 'number' || !Number.isInteger(ignore) || ignore < 0 || ignore > 255) {
    throw new EngineError('DATASET', `${file}: ignore_label must be a whole number from 0 to 255`)
  }
  return { names, palette: choosePalette(names), ignoreLabel: ignore }
}

/** 255 values of a byte are left beside the ignore label. */
const MOST_CLASSES = 255

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string' && entry !== '')
}

/** CamVid's colours for its classes, else hues that lie far apart. */
function choosePalette(names: readonly string[]): string[] {
  const known = new Map<string, string>(
    STREET_CLASSES.names.map((name, index) => [
      name.toLowerCase(),
      STREET_CLASSES.palette[index] ?? '#808080',
    ]),
  )
  return names.map((name, index) => known.get(name.toLowerCase()) ?? spreadColor(index))
}

/** Steps by the golden ratio, so that neighbours in the list differ most. */
function spreadColor(index: number): string {
  const hue = (index * 0.618034) % 1
  const channel = (offset: number): string => {
    const position = (offset + hue * 6) % 6
    const part = Math.max(0, Math.min(position, 4 - position, 1))
    return Math.round(235 * (1 - 0.6 * part))
      .toString(16)
      .padStart(2, '0')
  }
  return `#${channel(5)}${channel(3)}${channel(1)}`
}
