import { readdir } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { EngineError } from '../../contract/index.ts'

/** Which files of a COCO folder are read. */
export interface CocoFolder {
  readonly path: string
  /** Below annotations/. */
  readonly trainFile: string
  /** Null if there is no annotation of a validation split. */
  readonly reportFile: string | null
}

/**
 * Finds the annotation files: `*train*.json`, and `*dev*.json` or `*val*.json` (else `*test*.json`). Names with `keypoint`
 * win over others, as the official folder holds captions and boxes too.
 *
 * @throws EngineError DATASET if there is no training file.
 */
export async function findCocoFiles(path: string): Promise<CocoFolder> {
  const names = (await listFolder(join(path, 'annotations')))
    .filter((name) => name.endsWith('.json'))
    .toSorted()
  const trainFile = choose(names, /train(?!val)/i)
  if (trainFile === null) {
    throw new EngineError(
      'DATASET',
      `${path}: no training annotation; needs annotations/*train*.json, found ${names.join(', ') || 'no .json file'}`,
    )
  }
  const others = names.filter((name) => name !== trainFile && !/trainval/i.test(name))
  const reportFile = choose(others, /dev/i) ?? choose(others, /val/i) ?? choose(others, /test/i)
  return { path, trainFile, reportFile }
}

function choose(names: readonly string[], pattern: RegExp): string | null {
  const fitting = names.filter((name) => pattern.test(name))
  return fitting.find((name) => /keypoint/i.test(name)) ?? fitting[0] ?? null
}

/** Tells where a picture of an annotation file lies; null if it is nowhere. */
export type LocateImage = (fileName: string) => string | null

/**
 * Looks for pictures where COCO folders keep them: `images/`, `images/train2017/`, `train2017/` (the last word of the
 * annotation file's name), `images/train/`, `train/`, or the folder itself.
 */
export async function openImageLocator(path: string, annotationFile: string): Promise<LocateImage> {
  const tag =
    annotationFile
      .replace(/\.json$/, '')
      .split('_')
      .at(-1) ?? ''
  const role = /train/i.test(tag) ? 'train' : 'val'
  const folders = ['images', join('images', tag), tag, join('images', role), role, '.']
  const found = await Promise.all(
    folders.map(async (folder) => ({ folder, names: new Set(await listFolder(join(path, folder))) })),
  )
  return (fileName) => {
    const parts = fileName.split(/[/\\]/)
    const base = parts.at(-1) ?? ''
    if (parts.includes('..') || base === '') {
      return null
    }
    const place = found.find(({ folder, names }) => names.has(base) && endsWith(folder, parts.slice(0, -1)))
    return place === undefined ? null : join(path, place.folder, base)
  }
}

/** A file name may repeat the end of the folder's path: train2017/0001.jpg. */
function endsWith(folder: string, parts: readonly string[]): boolean {
  return parts.length === 0 || folder === parts.join(sep) || folder.endsWith(sep + parts.join(sep))
}

/** Names in a folder; empty if it does not exist. */
async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return []
    }
    throw error
  }
}
