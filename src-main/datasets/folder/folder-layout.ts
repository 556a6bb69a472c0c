import { join } from 'node:path'
import { MOST_SMALL_BYTES, readForeignText } from '../../files/foreign-text.ts'
import { listFolder } from '../list-folder.ts'

/** Pictures and label maps of one split. */
export interface FolderSplit {
  readonly split: string
  /** Below the data set's folder. */
  readonly imageFolder: string
  readonly labelFolder: string
  /** Names (without extension) that a list file gives to the split; absent = all of the folder. */
  readonly only?: ReadonlySet<string>
}

const IMAGES = ['images', 'image', 'imgs', 'img', 'JPEGImages']
const LABELS = ['labels', 'label', 'masks', 'mask', 'annotations', 'SegmentationClass']
const SPLIT = /^(train|val|valid|validation|dev|test)/i

/**
 * Finds the splits of a folder in the lay-outs that people use: `train/images` and `train/labels`; `images/train` and
 * `labels/train`; `train` and `trainannot`; or one pair of folders with `train.txt` and `val.txt` (a name a line) or without. Label
 * folders may be called labels, masks or annotations.
 *
 * @returns Empty if no pair of folders is found; one split named `all` where nothing tells the splits apart.
 */
export async function findFolderSplits(path: string): Promise<FolderSplit[]> {
  const names = await listFolder(path)
  const inside: FolderSplit[] = []
  for (const split of names.filter((name) => SPLIT.test(name))) {
    const members = await listFolder(join(path, split))
    const image = IMAGES.find((name) => members.includes(name))
    const label = LABELS.find((name) => members.includes(name))
    if (image !== undefined && label !== undefined) {
      inside.push({ split, imageFolder: join(split, image), labelFolder: join(split, label) })
    } else if (names.includes(`${split}annot`)) {
      inside.push({ split, imageFolder: split, labelFolder: `${split}annot` })
    }
  }
  return inside.length > 0 ? inside : findBeside(path, names)
}

async function findBeside(path: string, names: readonly string[]): Promise<FolderSplit[]> {
  const image = IMAGES.find((name) => names.includes(name))
  const label = LABELS.find((name) => names.includes(name))
  if (image === undefined || label === undefined) {
    return []
  }
  const labelled = new Set(await listFolder(join(path, label)))
  const nested = (await listFolder(join(path, image))).filter(
    (split) => SPLIT.test(split) && labelled.has(split),
  )
  if (nested.length > 0) {
    return nested.map((split) => ({
      split,
      imageFolder: join(image, split),
      labelFolder: join(label, split),
    }))
  }
  const lists = names.filter((name) => SPLIT.test(name) && name.endsWith('.txt'))
  if (lists.length > 0) {
    return Promise.all(
      lists.map(async (list) => ({
        split: list.replace(/\.txt$/, ''),
        imageFolder: image,
        labelFolder: label,
        only: await readList(join(path, list)),
      })),
    )
  }
  return [{ split: 'all', imageFolder: image, labelFolder: label }]
}

/** The first word of each line, without folders and extension. */
async function readList(file: string): Promise<Set<string>> {
  const text = await readForeignText(file, { code: 'DATASET', mostBytes: MOST_SMALL_BYTES })
  const lines = text.split(/\r?\n/)
  return new Set(
    lines
      .map((line) => (line.trim().split(/\s+/)[0] ?? '').replace(/^.*[/\\]/, '').replace(/\.[^.]*$/, ''))
      .filter((stem) => stem !== ''),
  )
}
