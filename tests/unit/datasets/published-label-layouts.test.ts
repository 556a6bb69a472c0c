import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { detectFormat, inspectDatasetFolder, openDataset } from '../../../src-main/datasets/open-dataset.ts'
import { configOf, useFolders, writeCamvid, writeJson, writeLabels, writePicture } from './made-folders.ts'

// Small folders of label maps in the layouts that the data sets are published in.

const newFolder = useFolders()

/** method.md 5.3, written out once more. */
const TRAIN_IDS: readonly (readonly [id: number, trainId: number])[] = [
  [7, 0],
  [8, 1],
  [11, 2],
  [12, 3],
  [13, 4],
  [17, 5],
  [19, 6],
  [20, 7],
  [21, 8],
  [22, 9],
  [23, 10],
  [24, 11],
  [25, 12],
  [26, 13],
  [27, 14],
  [28, 15],
  [31, 16],
  [32, 17],
  [33, 18],
]

async function writeGrey(
  path: string,
  width: number,
  height: number,
  value: (at: number) => number,
): Promise<void> {
  await sharp(Buffer.from(Uint8Array.from({ length: width * height }, (_, at) => value(at))), {
    raw: { width, height, channels: 1 },
  })
    .toColourspace('b-w')
    .png()
    .toFile(path)
}

describe('Cityscapes', () => {
  async function writeCityscapes(cities: Record<string, Record<string, number>>): Promise<string> {
    const path = await newFolder()
    for (const [split, members] of Object.entries(cities)) {
      for (const [city, sequences] of Object.entries(members)) {
        const images = join(path, 'leftImg8bit', split, city)
        const labels = join(path, 'gtFine', split, city)
        await mkdir(images, { recursive: true })
        await mkdir(labels, { recursive: true })
        for (let sequence = 0; sequence < sequences; sequence++) {
          const stem = `${city}_${String(sequence).padStart(6, '0')}_000019`
          await writePicture(join(images, `${stem}_leftImg8bit.png`), 34, 2)
          await writeGrey(join(labels, `${stem}_gtFine_labelIds.png`), 34, 2, (at) => at % 34)
          await writeFile(join(labels, `${stem}_gtFine_instanceIds.png`), 'left alone')
          await writeFile(join(labels, `${stem}_gtFine_polygons.json`), '{}')
        }
      }
    }
    return path
  }

  it('translates labelIds, cuts the search split by city, reports on val and leaves instances alone', async () => {
    const path = await writeCityscapes({
      train: { aachen: 6, bochum: 3, ulm: 5 },
      val: { frankfurt: 2 },
      test: { berlin: 1 },
    })
    expect(await detectFormat(path)).toBe('cityscapes')
    const dataset = await openDataset(configOf('cityscapes', path), 'segmentation', 1)
    expect(dataset.facts.splits).toEqual({ train: 11, search: 3, report: 2 })
    expect(dataset.facts.leftOut).toEqual([])
    expect(dataset.facts.classes?.names).toHaveLength(19)
    expect(dataset.facts.classes?.ignoreLabel).toBe(255)
    expect(dataset.facts.found).toContain('4 cities, 16 sequences')
    expect(dataset.facts.found).toContain('test is not used')
    if (dataset.kind !== 'segmentation') {
      throw new Error('not a segmentation data set')
    }
    expect(new Set(dataset.splits.search.map(({ clip }) => clip))).toEqual(new Set(['bochum']))
    const [sample] = dataset.splits.train
    const labels = sample === undefined ? new Uint8Array() : (await dataset.load(sample)).labels
    const expected = Array.from(
      { length: 34 },
      (_, id) => TRAIN_IDS.find(([from]) => from === id)?.[1] ?? 255,
    )
    expect(Array.from(labels.subarray(0, 34))).toEqual(expected)
  })

  it('reads ready-made labelTrainIds, and names a value that is no id', async () => {
    const path = await writeCityscapes({ train: { aachen: 4, ulm: 4 }, val: { munster: 2 } })
    const labels = join(path, 'gtFine', 'train', 'ulm')
    await rm(join(labels, 'ulm_000001_000019_gtFine_labelIds.png'))
    await writeGrey(join(labels, 'ulm_000001_000019_gtFine_labelTrainIds.png'), 34, 2, (at) =>
      at % 2 === 0 ? 18 : 255,
    )
    await writeGrey(join(labels, 'ulm_000002_000019_gtFine_labelIds.png'), 34, 2, () => 200)
    await rm(join(labels, 'ulm_000003_000019_gtFine_labelIds.png'))
    const dataset = await openDataset(configOf('cityscapes', path), 'segmentation', 1)
    expect(dataset.facts.leftOut).toEqual([
      {
        reason: 'picture without its label map',
        count: 1,
        example: 'train/ulm/ulm_000003_000019_leftImg8bit.png',
      },
      {
        reason: 'label map has values that are neither a class nor the ignore label',
        count: 1,
        example: 'train/ulm/ulm_000002_000019',
      },
    ])
    if (dataset.kind !== 'segmentation') {
      throw new Error('not a segmentation data set')
    }
    const ready = [...dataset.splits.train, ...dataset.splits.search].find(({ id }) =>
      id.includes('ulm_000001'),
    )
    const values = ready === undefined ? null : (await dataset.load(ready)).labels.subarray(0, 3)
    expect(Array.from(values ?? [])).toEqual([18, 255, 18])
  })
})

describe('a folder of pictures and index PNGs', () => {
  async function writePairs(
    path: string,
    images: string,
    labels: string,
    stems: readonly string[],
  ): Promise<void> {
    await mkdir(join(path, images), { recursive: true })
    await mkdir(join(path, labels), { recursive: true })
    for (const stem of stems) {
      await writePicture(join(path, images, `${stem}.jpg`), 12, 8)
      await writeLabels(join(path, labels, `${stem}.png`), 12, 8, 3)
    }
  }
  const letters = ['one', 'two', 'three', 'four', 'five', 'six']

  it('reads images/{split} and masks/{split} with classes.txt and their colours', async () => {
    const path = await newFolder()
    await writeFile(join(path, 'classes.txt'), 'grass #00ff00\n// a comment\nwater\n\nsky #8fd0ff\n')
    await writePairs(path, 'images/train', 'masks/train', letters)
    await writePairs(path, 'images/val', 'masks/val', ['seven'])
    const facts = await inspectDatasetFolder(path, null)
    expect([facts.format, facts.splits.report, facts.splits.train + facts.splits.search]).toEqual([
      'folder',
      1,
      6,
    ])
    expect(facts.classes?.names).toEqual(['grass', 'water', 'sky'])
    expect(facts.classes?.palette[0]).toBe('#00ff00')
    expect(facts.classes?.ignoreLabel).toBe(255)
  })

  it('reads one pair of folders with lists, or cuts the report split where there is none', async () => {
    const path = await newFolder()
    await writeJson(join(path, 'classes.json'), {
      classes: ['a', { name: 'b', color: [255, 0, 16] }],
      ignore_label: 2,
    })
    await writePairs(path, 'images', 'labels', letters)
    const cut = await inspectDatasetFolder(path, null)
    expect(cut.splits.train + cut.splits.search + cut.splits.report).toBe(6)
    expect(Math.min(...Object.values(cut.splits))).toBeGreaterThan(0)
    expect(cut.warnings).toContain('no split for the report: it is cut from the training frames')
    expect(cut.classes?.palette[1]).toBe('#ff0010')
    await writeFile(join(path, 'train.txt'), 'one\ntwo.jpg\nimages/three.jpg three.png\nfour\n')
    await writeFile(join(path, 'val.txt'), 'five\n')
    const listed = await inspectDatasetFolder(path, null)
    expect([listed.splits.train + listed.splits.search, listed.splits.report]).toEqual([4, 1])
  })

  it('says what is missing', async () => {
    const path = await newFolder()
    await writePairs(path, 'train/images', 'train/masks', letters)
    await expect(detectFormat(path)).rejects.toThrow('no classes.json or classes.txt names the classes')
    await writeFile(join(path, 'classes.txt'), 'only\n')
    await expect(inspectDatasetFolder(path, null)).rejects.toThrow('needs 2 to 255 classes with names, got 1')
    await writeFile(join(path, 'classes.txt'), 'x\nx\n')
    await expect(inspectDatasetFolder(path, null)).rejects.toThrow('class "x" is listed twice')
    await writeJson(join(path, 'classes.json'), { classes: ['x', 3] })
    await expect(inspectDatasetFolder(path, null)).rejects.toThrow(
      'a class must be a name or { name, color }, got 3',
    )
  })

  it('prefers the class list where a CamVid folder has one too', async () => {
    const path = await newFolder()
    await writeCamvid(path, { train: ['a_1', 'b_2', 'c_3'], val: ['d_1'] })
    expect(await detectFormat(path)).toBe('camvid')
    await writeFile(join(path, 'classes.txt'), 'a\nb\nc\nd\ne\n')
    expect(await detectFormat(path)).toBe('folder')
  })
})
