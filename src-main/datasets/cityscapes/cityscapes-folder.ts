import { join } from 'node:path'
import type { FramePair } from '../check-frames.ts'
import type { LeftOut } from '../left-out.ts'
import { listFolder } from '../list-folder.ts'
import { LABEL_ID_TABLE, TRAIN_ID_TABLE } from './cityscapes-classes.ts'

/** Folders below the data set's, as unpacked side by side or each archive in a folder of its own name. */
export interface CityscapesRoots {
  readonly images: string
  readonly labels: string
}

const IMAGE_ROOTS = ['leftImg8bit', join('leftImg8bit_trainvaltest', 'leftImg8bit')]
const LABEL_ROOTS = ['gtFine', join('gtFine_trainvaltest', 'gtFine')]

/** Null where one of the two is missing. */
export async function findRoots(path: string): Promise<CityscapesRoots | null> {
  const images = await firstFolder(path, IMAGE_ROOTS)
  const labels = await firstFolder(path, LABEL_ROOTS)
  return images === null || labels === null ? null : { images, labels }
}

async function firstFolder(path: string, candidates: readonly string[]): Promise<string | null> {
  for (const candidate of candidates) {
    if ((await listFolder(join(path, candidate))).length > 0) {
      return candidate
    }
  }
  return null
}

/** Splits that have pictures. */
export async function listSplits(path: string, roots: CityscapesRoots): Promise<string[]> {
  const splits: string[] = []
  for (const name of await listFolder(join(path, roots.images))) {
    if ((await listFolder(join(path, roots.images, name))).length > 0) {
      splits.push(name)
    }
  }
  return splits
}

const IMAGE = /^(.+)_leftImg8bit\.(png|jpe?g)$/i

/**
 * Pictures of a split with their label maps: `gtFine/{split}/{city}/{stem}_gtFine_labelIds.png`, else the ready-made
 * `…_labelTrainIds.png`. Instance, colour and polygon files are left alone.
 */
export async function listPairs(
  path: string,
  roots: CityscapesRoots,
  split: string,
  leftOut: LeftOut,
): Promise<FramePair[]> {
  const pairs: FramePair[] = []
  for (const city of await listFolder(join(path, roots.images, split))) {
    const imageFolder = join(path, roots.images, split, city)
    const labelFolder = join(path, roots.labels, split, city)
    const labels = new Set(await listFolder(labelFolder))
    for (const file of await listFolder(imageFolder)) {
      const stem = IMAGE.exec(file)?.[1]
      if (stem === undefined) {
        leftOut.add('file is not named {city}_{sequence}_{frame}_leftImg8bit.png', join(split, city, file))
        continue
      }
      const label = chooseLabel(stem, labels)
      if (label === null) {
        leftOut.add('picture without its label map', join(split, city, file))
        continue
      }
      pairs.push({
        id: `${split}-${stem}`,
        clip: city,
        sequence: sequenceOf(stem),
        imagePath: join(imageFolder, file),
        labelPath: join(labelFolder, label.file),
        label: join(split, city, stem),
        table: label.table,
      })
    }
  }
  return pairs
}

function chooseLabel(stem: string, files: ReadonlySet<string>) {
  const choices = [
    { file: `${stem}_gtFine_labelIds.png`, table: LABEL_ID_TABLE },
    { file: `${stem}_gtFine_labelTrainIds.png`, table: TRAIN_ID_TABLE },
  ]
  return choices.find(({ file }) => files.has(file)) ?? null
}

/** City and sequence number: aachen_000012 of aachen_000012_000019. */
function sequenceOf(stem: string): string {
  return stem.replace(/_\d+$/, '')
}
