import { join } from 'node:path'
import { EngineError, showField, type ClassFacts } from '../../contract/index.ts'
import { MOST_SMALL_BYTES, readForeignJson } from '../../files/foreign-text.ts'
import { choosePalette } from '../class-palette.ts'
import { listFolder } from '../list-folder.ts'

/** Names of folders that hold `images` and `labels`. */
export async function listSplits(path: string): Promise<string[]> {
  const splits: string[] = []
  for (const name of await listFolder(path)) {
    const inside = await listFolder(join(path, name))
    if (inside.includes('images') && inside.includes('labels')) {
      splits.push(name)
    }
  }
  return splits
}

/** Where the pictures and label maps of a split lie. */
export function splitFolders(split: string): { readonly imageFolder: string; readonly labelFolder: string } {
  return { imageFolder: join(split, 'images'), labelFolder: join(split, 'labels') }
}

/**
 * Classes of meta.json: `classes` (names, index = label value) and `ignore_label`.
 *
 * @throws EngineError DATASET if the file is missing or not of that form.
 */
export async function readClasses(path: string): Promise<ClassFacts> {
  const file = join(path, 'meta.json')
  const meta = await readForeignJson(file, { code: 'DATASET', mostBytes: MOST_SMALL_BYTES })
  const names: unknown = typeof meta === 'object' && meta !== null && 'classes' in meta ? meta.classes : null
  const ignore: unknown =
    typeof meta === 'object' && meta !== null && 'ignore_label' in meta ? meta.ignore_label : null
  if (!isTextList(names) || names.length < 2 || names.length > MOST_CLASSES) {
    throw new EngineError('DATASET', `${file}: classes must be a list of 2 to ${String(MOST_CLASSES)} names`)
  }
  if (typeof ignore !== 'number' || !Number.isInteger(ignore) || ignore < 0 || ignore > 255) {
    throw new EngineError('DATASET', `${file}: ignore_label must be a whole number from 0 to 255`)
  }
  return { names: names.map(showField), palette: choosePalette(names), ignoreLabel: ignore }
}

/** 255 values of a byte are left beside the ignore label. */
const MOST_CLASSES = 255

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string' && entry !== '')
}
