import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { PoseDataset } from '../../../src-main/datasets/dataset.ts'
import { openDataset } from '../../../src-main/datasets/open-dataset.ts'
import { chooseCrops } from '../../../src-main/tasks/choose-crops.ts'
import { cocoOf, configOf, useFolders, writeCoco, writePicture, type MadeCoco } from './made-folders.ts'

const newFolder = useFolders()
/** Ten pictures to train on; pictures 101, 102 and 103 to report on, of which 103 has nobody in it. */
async function folderWith(change: (report: MadeCoco) => void = () => undefined): Promise<string> {
  const folder = await newFolder()
  const report = cocoOf('v', 3, 17, 101)
  report.annotations.pop()
  change(report)
  await writeCoco(folder, 'person_keypoints_train.json', cocoOf('t', 10, 17, 1))
  await writeCoco(folder, 'person_keypoints_val.json', report)
  return folder
}

const person = (image_id: unknown, score: unknown = 0.5, bbox: unknown = [5, 4, 20, 22]) => ({
  ...{ image_id, category_id: 1, bbox, score },
})

async function open(folder: string, content: unknown, threshold?: number): Promise<PoseDataset> {
  const detections = join(folder, 'boxes.json')
  await writeFile(detections, typeof content === 'string' ? content : JSON.stringify(content))
  const dataset = await openDataset(
    {
      ...{ ...configOf('coco', folder), detections },
      ...(threshold !== undefined && { detectionThreshold: threshold }),
    },
    'pose',
    1,
  )
  if (dataset.kind !== 'pose') {
    throw new TypeError('a coco folder is for pose')
  }
  return dataset
}

describe('boxes of a detector', () => {
  it('crops every box of every picture of the report split, those without persons included', async () => {
    const folder = await folderWith()
    const dataset = await open(folder, [
      person(103, 0.2),
      person(101, 0.9, [-3, 2.5, 60, 10]),
      { ...person(102), category_id: 3 },
      person(101, 0),
      person(102, 0.7, [1, 1, 0, 5]),
    ])
    const { crops, truth } = chooseCrops(dataset, 'report', 100)
    expect(crops.map(({ sample, boxScore }) => [sample.imageId, boxScore, sample.box])).toEqual([
      [101, 0.9, [-3, 2.5, 60, 10]],
      [101, 0, [5, 4, 20, 22]],
      [103, 0.2, [5, 4, 20, 22]],
    ])
    expect(truth?.map(({ imageId }) => imageId)).toEqual([101, 102])
    expect(crops.every(({ sample }) => sample.isBoxExact)).toBe(true)
    expect(dataset.facts.found.at(-1)).toBe(
      'report boxes from boxes.json: 3 in 2 of 3 pictures; not used: 1 of other categories, 1 without extent',
    )
    const picture = await dataset.loadImage(crops[2]?.sample ?? dataset.splits.report[0] ?? fail())
    const stored = await sharp(join(folder, 'images', 'v103.jpg'))
      .raw()
      .toBuffer()
    expect(Buffer.from(picture.data).equals(stored)).toBe(true)
    // The search and the splits themselves do not change.
    expect(chooseCrops(dataset, 'search', 100).truth).toBeNull()
    expect(dataset.facts.splits).toEqual({ train: 8, search: 2, report: 2 })
    // Threads that load training batches do not carry the boxes along.
    expect(dataset.recipe).not.toHaveProperty('detected')
  })

  it('drops boxes below the threshold, and bounds the pictures by the limit', async () => {
    const folder = await folderWith()
    const boxes = [person(101, 0.3), person(101, 0.29), person(102, 0.9), person(103, 1)]
    const dataset = await open(folder, boxes, 0.3)
    expect(dataset.detected).toMatchObject({ file: 'boxes.json', threshold: 0.3 })
    expect(dataset.detected?.pictures).toEqual(['v101.jpg', 'v102.jpg', 'v103.jpg'])
    expect(chooseCrops(dataset, 'report', 9).crops.map(({ boxScore }) => boxScore)).toEqual([0.3, 0.9, 1])
    const first = chooseCrops(dataset, 'report', 1)
    expect(first.crops.map(({ sample }) => sample.imageKey)).toEqual(['v101.jpg'])
    expect(first.truth?.map(({ imageKey }) => imageKey)).toEqual(['v101.jpg'])
    const other = await open(folder, [...boxes, person(103, 0.31)], 0.3)
    expect(other.detected?.fingerprint).not.toBe(dataset.detected?.fingerprint)
    expect(other.facts.fingerprint).toBe(dataset.facts.fingerprint)
  })

  it('takes the category that the annotation file gives to persons', async () => {
    const folder = await folderWith((report) => {
      report.categories = [
        { id: 4, name: 'dog' },
        {
          id: 7,
          name: 'person',
          keypoints: Array.from({ length: 17 }, (_, joint) => `joint ${String(joint + 1)}`),
        },
      ]
    })
    await writeCoco(folder, 'person_keypoints_train.json', {
      ...cocoOf('t', 10, 17, 1),
      categories: [
        { id: 7, keypoints: Array.from({ length: 17 }, (_, joint) => `joint ${String(joint + 1)}`) },
      ],
    })
    const { detected } = await open(folder, [{ ...person(101, 0.6), category_id: 7 }, person(102)])
    expect(detected?.crops.map(({ boxScore }) => boxScore)).toEqual([0.6])
  })

  it('scores only the pictures of a report split that was cut from the training file', async () => {
    const folder = await newFolder()
    await writeCoco(folder, 'person_keypoints_train.json', cocoOf('t', 10, 17, 1))
    const all = Array.from({ length: 10 }, (_, index) => person(index + 1))
    const { detected, splits } = await open(folder, all)
    const reported = splits.report.map(({ imageKey }) => imageKey)
    expect(detected?.crops.map(({ sample }) => sample.imageKey).toSorted()).toEqual(reported.toSorted())
  })

  it('names pictures that cannot be read and goes on without them', async () => {
    const folder = await folderWith()
    await rm(join(folder, 'images', 'v103.jpg'))
    await writePicture(join(folder, 'images', 'v102.jpg'), 30, 40)
    const { facts, detected } = await open(folder, [person(101), person(102), person(103)])
    expect(detected?.crops.map(({ sample }) => sample.imageId)).toEqual([101])
    expect(facts.leftOut.map(({ reason, example }) => `${reason}: ${example}`)).toEqual([
      'picture has another size than its annotation says: v102.jpg',
      'detector boxes: picture has another size than its annotation says: v102.jpg',
      'detector boxes: picture file is missing: v103.jpg',
    ])
  })

  it.each([
    ['{"annotations": []}', 'must hold a list of { image_id, category_id, bbox, score }'],
    ['[{', 'is not JSON'],
    [[], 'is an empty list'],
    [[{ image_id: 101, bbox: [1, 2, 3, 4], score: 1 }], 'boxes.json: [0].category_id is missing'],
    [[person(101), person('101')], '[1].image_id must be the number of a picture, got "101"'],
    [[person(101, null)], '[0].score must be a number, got null'],
    [[person(101, 1, [1, 2, 3])], '[0].bbox must be [x, y, width, height], got [1,2,3]'],
    [[null], '[0].category_id is missing'],
    [[{ ...person(101), category_id: 2 }], 'no box of category 1 (person), only of 2'],
    [
      [person(101), person(9), person(1)],
      '2 of its 3 image_id are no picture of the report annotation (9, 1); is it of another split?',
    ],
    [[person(101, -1)], 'none of its 1 person boxes has an extent and a score of 0 or more'],
  ])('refuses %j', async (content, message) => {
    const opening = open(await folderWith(), content)
    await expect(opening).rejects.toMatchObject({ code: 'DATASET' })
    await expect(opening).rejects.toThrow(`dataset.detections: boxes.json`)
    await expect(opening).rejects.toThrow(message)
  })

  it('refuses a file that is not there', async () => {
    const folder = await folderWith()
    const config = { ...configOf('coco', folder), detections: join(folder, 'none.json') }
    await expect(openDataset(config, 'pose', 1)).rejects.toThrow('none.json cannot be read')
  })
})

function fail(): never {
  throw new Error('no such sample')
}
