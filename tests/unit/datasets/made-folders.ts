import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import sharp from 'sharp'
import { afterEach } from 'vitest'
import type { DatasetConfig, DatasetFormat } from '../../../src-main/contract/index.ts'
import { fnv1a } from '../../../src-main/datasets/sample-random.ts'

/** Folders of small made-up pictures, in a fresh temporary folder each. */
export async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'scalenas-data-'))
}

/** For a test file: fresh folders, each gone after the test that made it. */
export function useFolders(): () => Promise<string> {
  const folders: string[] = []
  afterEach(async () => {
    for (const folder of folders.splice(0)) {
      await rm(folder, { recursive: true })
    }
  })
  return async () => {
    const folder = await makeFolder()
    folders.push(folder)
    return folder
  }
}

export async function writePicture(path: string, width: number, height: number): Promise<void> {
  const data = Buffer.alloc(width * height * 3, 0)
  // Each name has a picture of its own, as copies of one picture are told apart from others.
  const start = fnv1a(basename(path))
  for (let at = 0; at < data.length; at++) {
    data[at] = (start + at * 7919) % 256
  }
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path)
}

/** An index map: label = column modulo `classes`. */
export async function writeLabels(
  path: string,
  width: number,
  height: number,
  classes: number,
): Promise<void> {
  const data = Buffer.from(Uint8Array.from({ length: width * height }, (_, at) => (at % width) % classes))
  await sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toFile(path)
}

export interface MadeAnnotation {
  id: number
  image_id: number
  category_id: number
  bbox?: number[]
  keypoints: number[]
  area?: number
  iscrowd?: number
  segmentation?: unknown
}

export interface MadeCoco {
  images: { id: number; file_name: string; width: number; height: number }[]
  annotations: MadeAnnotation[]
  categories?: unknown[]
}

/** `count` pictures of 40 x 30 with one fully labelled person each. */
export function cocoOf(prefix: string, count: number, joints: number, firstId: number): MadeCoco {
  const ids = Array.from({ length: count }, (_, index) => firstId + index)
  return {
    images: ids.map((id) => ({ id, file_name: `${prefix}${String(id)}.jpg`, width: 40, height: 30 })),
    annotations: ids.map((id) => ({
      id: id * 10,
      image_id: id,
      category_id: 1,
      bbox: [5, 4, 20, 22],
      keypoints: Array.from({ length: joints }, (_, joint) => [6 + joint, 5 + joint, 2]).flat(),
      area: 200,
      iscrowd: 0,
    })),
  }
}

/** Writes annotations and one picture for each image. */
export async function writeCoco(folder: string, name: string, file: MadeCoco): Promise<void> {
  await mkdir(join(folder, 'annotations'), { recursive: true })
  await mkdir(join(folder, 'images'), { recursive: true })
  await writeFile(join(folder, 'annotations', name), JSON.stringify(file))
  for (const image of file.images) {
    await writePicture(join(folder, 'images', image.file_name), image.width, image.height)
  }
}

/** A CamVid folder: frames per split by name, 24 x 16 pixels, four classes, label 4 ignored. */
export async function writeCamvid(folder: string, splits: Record<string, readonly string[]>): Promise<void> {
  await writeFile(
    join(folder, 'meta.json'),
    JSON.stringify({ classes: ['Sky', 'Road', 'Boat', 'Car'], ignore_label: 4 }),
  )
  for (const [split, stems] of Object.entries(splits)) {
    await mkdir(join(folder, split, 'images'), { recursive: true })
    await mkdir(join(folder, split, 'labels'), { recursive: true })
    for (const stem of stems) {
      await writePicture(join(folder, split, 'images', `${stem}.jpg`), 24, 16)
      await writeLabels(join(folder, split, 'labels', `${stem}.png`), 24, 16, 5)
    }
  }
}

/** Real data of a folder with a search split of a fifth. */
export const configOf = (source: DatasetFormat, path: string): DatasetConfig => ({
  source,
  path,
  drawn: { train: 1, search: 1, report: 1, seed: 1 },
  searchFraction: 0.2,
  searchLimit: 10,
  reportLimit: 10,
})

/** Writes a value, folders made as needed. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, JSON.stringify(value))
}
