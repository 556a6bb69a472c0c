import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openCocoDataset } from '../../../src-main/datasets/coco/coco-dataset.ts'
import { cocoOf, useFolders, writeCoco, writePicture } from './made-folders.ts'

const newFolder = useFolders()

async function folderWith(joints = 17): Promise<string> {
  const folder = await newFolder()
  await writeCoco(folder, 'person_keypoints_train.json', cocoOf('t', 10, joints, 1))
  await writeCoco(folder, 'person_keypoints_val.json', cocoOf('v', 3, joints, 101))
  return folder
}

const open = (path: string, seed = 1, searchFraction = 0.2) =>
  openCocoDataset({ path, config: { searchFraction }, seed, cacheBytes: 1e6 })

describe('openCocoDataset', () => {
  it('cuts the search split from training pictures and reports on the validation file', async () => {
    const dataset = await open(await folderWith())
    expect(dataset.facts.splits).toEqual({ train: 8, search: 2, report: 3 })
    expect(dataset.facts.leftOut).toEqual([])
    expect(dataset.facts.found).toEqual([
      '13 persons in 13 images',
      '17 joints (coco17), 17.0 labelled on average, 221 in all',
      'pictures of 40 x 30 pixels',
      'train 8 persons in 8 images; search 2 persons in 2 images; report 3 persons in 3 images',
      'training from annotations/person_keypoints_train.json, report from annotations/person_keypoints_val.json',
    ])
    expect(dataset.facts.warnings).toEqual([])
    expect(dataset.splits.report.every((sample) => sample.id.startsWith('v'))).toBe(true)
    const keys = [...dataset.splits.train, ...dataset.splits.search].map((sample) => sample.imageKey)
    expect(new Set(keys).size).toBe(10)
  })

  it('cuts alike for the same seed, otherwise for another; the fingerprint tells them apart', async () => {
    const folder = await folderWith()
    const searchOf = async (seed: number) =>
      (await open(folder, seed)).splits.search.map((sample) => sample.id)
    expect(await searchOf(1)).toEqual(await searchOf(1))
    const cuts = new Set((await Promise.all([1, 2, 3, 4, 5].map(searchOf))).map((ids) => ids.join()))
    expect(cuts.size).toBeGreaterThan(1)
    expect((await open(folder, 1)).facts.fingerprint).toBe((await open(folder, 1)).facts.fingerprint)
    expect((await open(folder, 1)).facts.fingerprint).not.toBe((await open(folder, 2)).facts.fingerprint)
  })

  it('keeps the persons of one picture in one split', async () => {
    const folder = await newFolder()
    const train = cocoOf('t', 6, 17, 1)
    train.annotations.push(...train.annotations.map((one) => ({ ...one, id: one.id + 1 })))
    await writeCoco(folder, 'train.json', train)
    await writeCoco(folder, 'dev.json', cocoOf('v', 1, 17, 101))
    const { splits } = await open(folder, 1, 0.5)
    const searched = new Set(splits.search.map((sample) => sample.imageKey))
    expect(splits.search.length).toBe(6)
    expect(splits.train.some((sample) => searched.has(sample.imageKey))).toBe(false)
  })

  it('names what it leaves out', async () => {
    const folder = await folderWith()
    const train = cocoOf('t', 10, 17, 1)
    const [first, second, third, fourth, fifth, sixth] = train.annotations
    Object.assign(first ?? {}, { image_id: 999 })
    Object.assign(second ?? {}, { keypoints: [1, 2, 2] })
    Object.assign(third ?? {}, { keypoints: new Array<number>(51).fill(0) })
    Object.assign(fourth ?? {}, { bbox: [5, 4, 0, 22] })
    Object.assign(fifth ?? {}, { iscrowd: 1 })
    Object.assign(sixth ?? {}, { bbox: [500, 4, 10, 10] })
    await writeCoco(folder, 'person_keypoints_train.json', train)
    await rm(join(folder, 'images', 't7.jpg'))
    const broken = join(folder, 'images', 't8.jpg')
    await writeFile(broken, (await readFile(broken)).subarray(0, 500))
    await writePicture(join(folder, 'images', 't9.jpg'), 30, 40)
    train.annotations.push({
      id: 777,
      image_id: 10,
      category_id: 1,
      bbox: [1, 1, 9, 9],
      keypoints: [],
      area: 5,
    })
    await writeFile(join(folder, 'annotations', 'person_keypoints_train.json'), JSON.stringify(train))
    const training = open(folder)
    await expect(training).rejects.toMatchObject({
      code: 'DATASET',
      message: expect.stringContaining('too few usable persons') as string,
      details: [
        'annotation without its picture in the list of images: 1, for example annotation 10 of person_keypoints_train.json',
        'keypoints do not have 17 x 3 numbers: 1, for example annotation 20 of person_keypoints_train.json',
        'no labelled joint: 2, for example annotation 30 of person_keypoints_train.json',
        'box or area is 0 or missing: 1, for example annotation 40 of person_keypoints_train.json',
        'crowd region, not a single person: 1, for example annotation 50 of person_keypoints_train.json',
        'box lies outside of the picture: 1, for example t6.jpg',
        'picture file is missing: 1, for example t7.jpg',
        'picture cannot be decoded: 1, for example t8.jpg',
        'picture has another size than its annotation says: 1, for example t9.jpg',
      ],
    })
  })

  it('takes any joint set: names give sides, partners and halves, the file its edges; sigmas are said', async () => {
    const folder = await folderWith(5)
    const category = {
      id: 1,
      name: 'person',
      keypoints: ['LWrist', 'RWrist', 'ankle_l', 'ankle_r', 'tail'],
      skeleton: [
        [1, 5],
        [9, 1],
      ],
    }
    for (const [name, prefix, count, first] of [
      ['train', 't', 10, 1],
      ['val', 'v', 3, 101],
    ] as const) {
      const file = { ...cocoOf(prefix, count, 5, first), categories: [category] }
      await writeCoco(folder, `person_keypoints_${name}.json`, file)
    }
    const { skeleton, facts } = await open(folder)
    expect(skeleton).toEqual({
      name: 'own5',
      joints: category.keypoints,
      edges: [[0, 4]],
      flipPairs: [
        [0, 1],
        [2, 3],
      ],
      sides: ['left', 'right', 'left', 'right', 'centre'],
      sigmas: [0.062, 0.062, 0.089, 0.089, 0.067],
      upperJoints: [0, 1, 4],
      lowerJoints: [2, 3],
    })
    expect(facts.found).toContain("sigmas: 0.067, the mean of COCO's, for tail")
  })

  it('numbers joints without names and warns that left and right are unknown', async () => {
    const { skeleton, facts } = await open(await folderWith(5))
    expect(skeleton.joints).toEqual(['joint 1', 'joint 2', 'joint 3', 'joint 4', 'joint 5'])
    expect(facts.warnings).toEqual([expect.stringContaining('the joint names tell no left and right')])
  })

  it('refuses a file without any joint', async () => {
    await expect(open(await folderWith(0))).rejects.toThrow('no joints; needs categories[].keypoints')
  })

  it('refuses joint counts that differ between the files', async () => {
    const folder = await folderWith(17)
    await writeCoco(folder, 'person_keypoints_val.json', cocoOf('v', 3, 14, 101))
    await expect(open(folder)).rejects.toThrow('has 17 joints (coco17), person_keypoints_val.json has 14')
  })

  it('says where a malformed file is wrong', async () => {
    const folder = await folderWith()
    await writeFile(
      join(folder, 'annotations', 'person_keypoints_val.json'),
      '{"images": [{"id": 1}], "annotations": []}',
    )
    await expect(open(folder)).rejects.toThrow(
      'person_keypoints_val.json is not a COCO keypoint file: images[0].file_name',
    )
    await writeFile(join(folder, 'annotations', 'person_keypoints_val.json'), '{"images": [')
    await expect(open(folder)).rejects.toThrow('is not a COCO keypoint file')
  })

  it('reads the official lay-out and cuts a report split where there is no validation file', async () => {
    const folder = await newFolder()
    await writeCoco(folder, 'person_keypoints_train2017.json', cocoOf('t', 10, 17, 1))
    await writeFile(join(folder, 'annotations', 'captions_train2017.json'), '{}')
    const { rename } = await import('node:fs/promises')
    await rename(join(folder, 'images'), join(folder, 'train2017'))
    const { facts } = await open(folder, 1, 0.2)
    expect(facts.splits).toEqual({ train: 6, search: 2, report: 2 })
    expect(facts.warnings).toEqual([
      'no annotation file of a validation split: the report split is cut from the training pictures',
    ])
  })

  it('does not follow a file name out of the folder', async () => {
    const folder = await folderWith()
    const train = cocoOf('t', 10, 17, 1)
    Object.assign(train.images[0] ?? {}, { file_name: '../images/t1.jpg' })
    await writeFile(join(folder, 'annotations', 'person_keypoints_train.json'), JSON.stringify(train))
    const { facts } = await open(folder)
    expect(facts.leftOut).toEqual([
      { reason: 'picture file is missing', count: 1, example: '../images/t1.jpg' },
    ])
  })
})
