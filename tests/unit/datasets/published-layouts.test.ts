import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { detectFormat, inspectDatasetFolder, openDataset } from '../../../src-main/datasets/open-dataset.ts'
import { planCrop } from '../../../src-main/datasets/pose-crop.ts'
import { applyAffine } from '../../../src-main/vision/affine.ts'
import { cocoOf, configOf, useFolders, writeJson, writePicture } from './made-folders.ts'

// Small folders in the layouts that the data sets are published in.

const newFolder = useFolders()

/** CrowdPose's own names, its left-over edges of COCO and no area. */
const CROWDPOSE_CATEGORY = {
  supercategory: 'person',
  id: 1,
  name: 'person',
  keypoints: [
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
    'head',
    'neck',
  ],
  skeleton: [
    [16, 14],
    [14, 12],
  ],
}

async function writeCrowdpose(folder: string, split: string, first: number, count: number): Promise<void> {
  const file = cocoOf('', count, 14, first)
  for (const [index, annotation] of file.annotations.entries()) {
    delete annotation.area
    Object.assign(file.images[index] ?? {}, { crowdIndex: index / 10 })
  }
  await writeJson(join(folder, 'json', `crowdpose_${split}.json`), {
    ...file,
    categories: [CROWDPOSE_CATEGORY],
  })
  await mkdir(join(folder, 'images'), { recursive: true })
  for (const image of file.images) {
    await writePicture(join(folder, 'images', image.file_name), image.width, image.height)
  }
}

describe('CrowdPose', () => {
  it('trains on train, reports on test, keeps the crowd index and takes 0.53 of the box as area', async () => {
    const path = await newFolder()
    await writeCrowdpose(path, 'train', 100, 10)
    await writeCrowdpose(path, 'val', 200, 2)
    await writeCrowdpose(path, 'test', 300, 3)
    expect(await detectFormat(path)).toBe('crowdpose')
    const dataset = await openDataset(configOf('crowdpose', path), 'pose', 1)
    expect(dataset.facts.splits).toEqual({ train: 8, search: 2, report: 3 })
    expect(dataset.facts.skeleton?.name).toBe('crowdpose14')
    expect(dataset.facts.found).toContain('json/crowdpose_val.json is not used')
    expect(dataset.facts.found).toContain('crowd index: 4 easy, 7 medium, 2 hard images')
    if (dataset.kind !== 'pose') {
      throw new Error('not a pose data set')
    }
    const [sample] = dataset.splits.report
    expect(sample?.crowdIndex).toBe(0)
    expect(sample?.area).toBeCloseTo(0.53 * 20 * 22, 9)
  })
})

describe('COCO 2017', () => {
  it('reads annotations/person_keypoints_{train,val}2017.json with train2017/ and val2017/', async () => {
    const path = await newFolder()
    for (const [split, first, count] of [
      ['train2017', 1, 10],
      ['val2017', 101, 3],
    ] as const) {
      const file = cocoOf('0000', count, 17, first)
      await writeJson(join(path, 'annotations', `person_keypoints_${split}.json`), file)
      await writeJson(join(path, 'annotations', `instances_${split}.json`), { images: [], annotations: [] })
      await writeJson(join(path, 'annotations', `captions_${split}.json`), { images: [], annotations: [] })
      await mkdir(join(path, split))
      for (const image of file.images) {
        await writePicture(join(path, split, image.file_name), image.width, image.height)
      }
    }
    const facts = await inspectDatasetFolder(path, null)
    expect([facts.format, facts.skeleton?.name, facts.leftOut]).toEqual(['coco', 'coco17', []])
    expect(facts.splits.train + facts.splits.search).toBe(10)
    expect(facts.splits.report).toBe(3)
  })
})

/** Files as scipy writes them. */
const HEADS = JSON.parse(
  readFileSync(new URL('../../golden/data/mpii-heads.json', import.meta.url), 'utf8'),
) as {
  readonly files: Readonly<Record<'plain' | 'compressed', string>>
  readonly headSizes: readonly number[]
}

/** One person as HRNet's files have them, pixels counted from 1. */
const mpiiPerson = (image: string, extra: object = {}) => ({
  joints_vis: Array.from({ length: 16 }, (_, joint) => (joint === 3 ? 0 : 1)),
  joints: Array.from({ length: 16 }, (_, joint) => (joint === 3 ? [0, 0] : [41 + joint, 31 + joint])),
  image,
  scale: 0.2,
  center: [51, 41],
  ...extra,
})

describe('MPII', () => {
  async function writeMpii(): Promise<string> {
    const path = await newFolder()
    await mkdir(join(path, 'images'))
    const names = Array.from({ length: 14 }, (_, index) => `0${String(15601800 + index)}.jpg`)
    for (const name of names) {
      await writePicture(join(path, 'images', name), 100, 80)
    }
    await writeJson(join(path, 'annot', 'train.json'), [
      ...names.slice(0, 10).map((name) => mpiiPerson(name)),
      mpiiPerson(names[0] ?? '', { center: [-1, -1], scale: -1 }),
      mpiiPerson('missing.jpg'),
      mpiiPerson(names[0] ?? '', { joints_vis: new Array<number>(16).fill(0) }),
    ])
    await writeJson(
      join(path, 'annot', 'valid.json'),
      names.slice(10, 13).map((name) => mpiiPerson(name, { head_box: [45, 20, 51, 28] })),
    )
    await writeJson(join(path, 'annot', 'test.json'), [{ image: names[13], scale: 0.2, center: [50, 40] }])
    return path
  }

  it('counts pixels from 0, moves the centre down by 15 s and frames s x 1.25 without clipping', async () => {
    const path = await writeMpii()
    expect(await detectFormat(path)).toBe('mpii')
    const dataset = await openDataset(configOf('mpii', path), 'pose', 1)
    expect(dataset.facts.splits).toEqual({ train: 8, search: 2, report: 3 })
    expect(dataset.facts.leftOut.map(({ reason, count }) => [reason, count])).toEqual([
      ['centre or scale is missing', 1],
      ['no labelled joint', 1],
      ['picture file is missing', 1],
    ])
    expect(dataset.facts.found).toContain('annot/test.json is not used')
    if (dataset.kind !== 'pose') {
      throw new Error('not a pose data set')
    }
    const [sample] = dataset.splits.report
    if (sample === undefined) {
      throw new Error('no sample')
    }
    expect(Array.from(sample.keypoints.subarray(0, 12))).toEqual([40, 30, 2, 41, 31, 2, 42, 32, 2, 0, 0, 0])
    expect(sample.headSize).toBeCloseTo(0.6 * Math.hypot(6, 8), 9)
    // The published loader: c = (51, 41 + 15 * 0.2) - 1, s = 0.2 * 1.25, so a pixel of the input is 200 * 0.25 / 256 wide.
    const plan = planCrop(sample, dataset.skeleton, { inputHeight: 256, inputWidth: 256, sigma: 2 }, null)
    expect(plan.centre).toEqual([50, 43])
    expect(plan.scale[0]).toBeCloseTo(0.25, 9)
    expect(plan.scale[1]).toBeCloseTo(0.25, 9)
    const [x, y] = applyAffine(plan.toInput, 50 + 25, 43 - 25)
    expect([x, y].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([256, 0])
    const image = await dataset.loadImage(sample)
    expect([image.width, image.height]).toEqual([100, 80])
  })

  it.each(['plain', 'compressed'] as const)('takes head sizes from gt_valid.mat (%s)', async (form) => {
    const path = await writeMpii()
    await writeJson(
      join(path, 'annot', 'valid.json'),
      Array.from({ length: 3 }, (_, index) => mpiiPerson(`0${String(15601810 + index)}.jpg`)),
    )
    const warning = 'no person has a head box, so PCKh cannot be measured'
    expect((await openDataset(configOf('mpii', path), 'pose', 1)).facts.warnings.join()).toContain(warning)
    await writeFile(join(path, 'annot', 'gt_valid.mat'), Buffer.from(HEADS.files[form], 'base64'))
    const dataset = await openDataset(configOf('mpii', path), 'pose', 1)
    if (dataset.kind !== 'pose') {
      throw new Error('not a pose data set')
    }
    expect(dataset.facts.warnings.join()).not.toContain(warning)
    expect(dataset.splits.report).toHaveLength(3)
    dataset.splits.report.forEach(({ headSize }, index) => {
      expect(headSize).toBeCloseTo(HEADS.headSizes[index] ?? NaN, 9)
    })
    await writeJson(join(path, 'annot', 'valid.json'), [mpiiPerson('015601810.jpg')])
    await expect(openDataset(configOf('mpii', path), 'pose', 1)).rejects.toThrow(
      'gt_valid.mat: needs headboxes_src of 2 x 2 x 1 numbers, one box for each person of the list; it has 2 x 2 x 3',
    )
    for (const bytes of [Buffer.from('no file'), Buffer.from(HEADS.files.plain, 'base64').subarray(0, 700)]) {
      await writeFile(join(path, 'annot', 'gt_valid.mat'), bytes)
      await expect(openDataset(configOf('mpii', path), 'pose', 1)).rejects.toMatchObject({
        code: 'DATASET',
        message: expect.stringContaining('gt_valid.mat') as string,
      })
    }
  })

  it('has its published pairs and halves', async () => {
    const dataset = await openDataset(configOf('mpii', await writeMpii()), 'pose', 1)
    if (dataset.kind !== 'pose') {
      throw new Error('not a pose data set')
    }
    const { flipPairs, upperJoints, lowerJoints, sides } = dataset.skeleton
    expect(flipPairs).toEqual([
      [0, 5],
      [1, 4],
      [2, 3],
      [10, 15],
      [11, 14],
      [12, 13],
    ])
    expect(upperJoints).toEqual([7, 8, 9, 10, 11, 12, 13, 14, 15])
    expect(lowerJoints).toEqual([0, 1, 2, 3, 4, 5, 6])
    for (const [right, left] of flipPairs) {
      expect([sides[right], sides[left]]).toEqual(['right', 'left'])
    }
  })
})

describe('splits that share pictures', () => {
  it('warns of copies under other names, and keeps copies within training on one side', async () => {
    const path = await newFolder()
    const train = cocoOf('t', 10, 17, 1)
    const val = cocoOf('v', 3, 17, 101)
    await writeJson(join(path, 'annotations', 'train.json'), train)
    await writeJson(join(path, 'annotations', 'val.json'), val)
    await mkdir(join(path, 'images'))
    for (const image of [...train.images, ...val.images]) {
      await writePicture(join(path, 'images', image.file_name), 40, 30)
    }
    const copy = async (from: string, to: string) => {
      await sharp(join(path, 'images', from))
        .png()
        .toFile(join(path, 'images', 'x.png'))
      const bytes = await sharp(join(path, 'images', 'x.png'))
        .jpeg()
        .toBuffer()
      await writeFile(join(path, 'images', from), bytes)
      await writeFile(join(path, 'images', to), bytes)
    }
    await copy('t1.jpg', 'v101.jpg')
    await copy('t2.jpg', 't3.jpg')
    for (let seed = 0; seed < 10; seed++) {
      const dataset = await openDataset(configOf('coco', path), 'pose', seed)
      expect(dataset.facts.warnings).toHaveLength(1)
      expect(dataset.facts.warnings[0]).toMatch(
        /^(train|search) and report split share 1 pictures, for example t1.jpg = v101.jpg$/,
      )
      if (dataset.kind === 'pose') {
        const searched = dataset.splits.search.map(({ imageKey }) => imageKey)
        expect(searched.includes('t2.jpg')).toBe(searched.includes('t3.jpg'))
      }
    }
  })

  it('searches on the report split on demand and says so', async () => {
    const path = await newFolder()
    await writeCrowdpose(path, 'train', 100, 4)
    await writeCrowdpose(path, 'test', 300, 3)
    const dataset = await openDataset({ ...configOf('crowdpose', path), searchSplit: 'official' }, 'pose', 1)
    expect(dataset.facts.splits).toEqual({ train: 4, search: 3, report: 3 })
    expect(dataset.facts.searchSeesReport).toBe(true)
    expect(dataset.facts.warnings).toEqual([
      expect.stringContaining('searched on the report split'),
      'search and report split are the same 3 pictures',
    ])
  })
})
