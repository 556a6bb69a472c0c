import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { makePng } from '../support/make-png.ts'

/** Small sound data sets and lists; every format has one. */

const SIZE = { width: 40, height: 30 }

/** `count` pictures with one labelled person each, and a crowd with run lengths. */
export function cocoFile(prefix: string, count: number, joints: number, firstId = 1) {
  const ids = Array.from({ length: count }, (_, index) => firstId + index)
  return {
    images: ids.map((id) => ({ id, file_name: `${prefix}${String(id)}.jpg`, ...SIZE, crowdIndex: 0.3 })),
    annotations: ids.map((id) => ({
      ...{ id: id * 10, image_id: id, category_id: 1, bbox: [5, 4, 20, 22], area: 200 },
      keypoints: Array.from({ length: joints }, (_, joint) => [6 + joint, 5 + joint, 2]).flat(),
      ...{ num_keypoints: joints, iscrowd: id === firstId && count > 3 ? 1 : 0 },
      segmentation:
        id === firstId ? { size: [30, 40], counts: [100, 50, 1050] } : [[5, 4, 25, 4, 25, 26, 5, 26]],
    })),
    categories: [
      {
        ...{ id: 1, name: 'person', skeleton: [[1, 2]] },
        keypoints: Array.from({ length: joints }, (_, joint) => `joint ${String(joint)}`),
      },
    ],
  }
}

export function mpiiList(count: number, prefix = 'm') {
  return Array.from({ length: count }, (_, index) => ({
    ...{ image: `${prefix}${String(index)}.jpg`, center: [15, 12], scale: 0.1, head_box: [8, 2, 14, 9] },
    joints: Array.from({ length: 16 }, (_, joint) => [5 + joint, 4 + joint]),
    joints_vis: Array.from({ length: 16 }, () => 1),
  }))
}

export function detectionList() {
  return Array.from({ length: 4 }, (_, index) => ({
    ...{ image_id: index + 1, category_id: 1, bbox: [1, 2, 10, 20], score: 0.5 },
  }))
}

export function keypointResults(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    ...{ image_id: index + 1, category_id: 1, score: 0.5 },
    keypoints: Array.from({ length: 17 }, (_, joint) => [6 + joint, 5 + joint, 1]).flat(),
  }))
}

async function writePicture(path: string, start: number): Promise<void> {
  const data = Buffer.from(
    Uint8Array.from({ length: SIZE.width * SIZE.height * 3 }, (_, at) => start * 31 + at * 7919),
  )
  await mkdir(join(path, '..'), { recursive: true })
  await sharp(data, { raw: { ...SIZE, channels: 3 } }).toFile(path)
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true })
  await writeFile(path, JSON.stringify(value))
}

/** Two lists and their pictures. @returns The file that a test may damage, and what it holds. */
export async function writeCocoFolder(
  folder: string,
  kind: 'coco' | 'crowdpose',
): Promise<[string, unknown]> {
  const train = cocoFile('t', 5, 14)
  const val = cocoFile('v', 3, 14, 101)
  const [trainFile, valFile] =
    kind === 'coco'
      ? ['annotations/train.json', 'annotations/val.json']
      : ['json/crowdpose_train.json', 'json/crowdpose_test.json']
  await writeJson(join(folder, trainFile), train)
  await writeJson(join(folder, valFile), val)
  for (const [index, { file_name: name }] of [...train.images, ...val.images].entries()) {
    await writePicture(join(folder, 'images', name), index)
  }
  return [join(folder, trainFile), train]
}

export async function writeMpiiFolder(folder: string): Promise<[string, unknown]> {
  const train = mpiiList(5)
  const valid = mpiiList(3, 'v')
  await writeJson(join(folder, 'annot/train.json'), train)
  await writeJson(join(folder, 'annot/valid.json'), valid)
  for (const [index, { image }] of [...train, ...valid].entries()) {
    await writePicture(join(folder, 'images', image), index)
  }
  return [join(folder, 'annot/train.json'), train]
}

/** Three clips to train with, one to report. @returns A label map. */
export async function writeCamvidFolder(folder: string): Promise<[string, unknown]> {
  const meta = { classes: ['Sky', 'Road', 'Boat', 'Car', 'Tree', 'Wall', 'Sign'], ignore_label: 255 }
  await writeJson(join(folder, 'meta.json'), meta)
  await writeFrames(folder, (split, stem) => [`${split}/images/${stem}.jpg`, `${split}/labels/${stem}.png`])
  return [join(folder, 'meta.json'), meta]
}

export async function writeClassFolder(folder: string): Promise<[string, unknown]> {
  const classes = {
    classes: ['sky', { name: 'road', color: '#804080' }, 'a', 'b', 'c', 'd', 'e'],
    ignore_label: 255,
  }
  await writeJson(join(folder, 'classes.json'), classes)
  await writeFrames(folder, (split, stem) => [`${split}/images/${stem}.jpg`, `${split}/labels/${stem}.png`])
  return [join(folder, 'classes.json'), classes]
}

/** @returns A label map of its training split. */
export async function writeCityscapesFolder(folder: string): Promise<string> {
  await writeFrames(
    folder,
    (split, stem) => [
      `leftImg8bit/${split}/${stem.slice(0, 2)}/${stem}_leftImg8bit.png`,
      `gtFine/${split}/${stem.slice(0, 2)}/${stem}_gtFine_labelIds.png`,
    ],
    'val',
  )
  return join(folder, 'gtFine/train/c1/c1_000000_000000_gtFine_labelIds.png')
}

async function writeFrames(
  folder: string,
  place: (split: string, stem: string) => readonly [image: string, label: string],
  report = 'test',
): Promise<void> {
  for (const [index, city] of ['c0', 'c1', 'c2', 'r0'].entries()) {
    for (const frame of ['000000_000000', '000001_000000']) {
      const [image, label] = place(city === 'r0' ? report : 'train', `${city}_${frame}`)
      await writePicture(join(folder, image), index * 2 + Number(frame[5]))
      await mkdir(join(folder, label, '..'), { recursive: true })
      await writeFile(join(folder, label), makePng({ ...SIZE, colourType: 0 }))
    }
  }
}
