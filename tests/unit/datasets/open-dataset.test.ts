import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DatasetConfig } from '../../../src-main/contract/index.ts'
import { detectFormat, inspectDatasetFolder, openDataset } from '../../../src-main/datasets/open-dataset.ts'
import { hasShared, sharedPath } from '../../support/read-npz.ts'
import { cocoOf, makeFolder, writeCamvid, writeCoco } from './made-folders.ts'

const drawn: DatasetConfig = {
  source: 'drawn',
  drawn: { train: 3, search: 2, report: 1, seed: 5 },
  searchFraction: 0.1,
  searchLimit: 10,
  reportLimit: 10,
}
let folder = ''

beforeAll(async () => {
  folder = await makeFolder()
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe('openDataset', () => {
  it('refuses a task that the layout is not for, a missing folder and a file', async () => {
    const path = join(folder, 'nothing')
    await expect(openDataset({ ...drawn, source: 'coco', path }, 'segmentation', 1)).rejects.toThrow(
      "data of layout 'coco' is for pose, the run's task is segmentation",
    )
    await expect(openDataset({ ...drawn, source: 'coco', path }, 'pose', 1)).rejects.toThrow(
      `${path} cannot be opened`,
    )
    await expect(openDataset({ ...drawn, source: 'camvid' }, 'segmentation', 1)).rejects.toThrow(
      'dataset.path is missing',
    )
    await writeFile(join(folder, 'file'), '')
    await expect(
      openDataset({ ...drawn, source: 'coco', path: join(folder, 'file') }, 'pose', 1),
    ).rejects.toThrow('is a file; needs the folder of a data set')
  })

  it('opens key points for whole pictures too', async () => {
    const path = await makeFolder()
    await writeCoco(path, 'train.json', cocoOf('t', 4, 14, 1))
    await writeCoco(path, 'val.json', cocoOf('v', 2, 14, 11))
    const scenes = await openDataset({ ...drawn, source: 'coco', path }, 'bottom-up-pose', 1)
    expect(scenes.kind).toBe('bottom-up-pose')
    expect(scenes.facts.splits.report).toBe(2)
    await rm(path, { recursive: true })
  })

  it('opens drawn data of both tasks', async () => {
    const pose = await openDataset(drawn, 'pose', 1)
    const streets = await openDataset(drawn, 'segmentation', 1)
    expect([pose.kind, streets.kind]).toEqual(['pose', 'segmentation'])
    expect(pose.facts.splits).toEqual({ train: 3, search: 2, report: 1 })
  })
})

describe('detectFormat and inspectDatasetFolder', () => {
  it('tells the layouts apart and says what it expected otherwise', async () => {
    const coco = await makeFolder()
    const camvid = await makeFolder()
    await writeCoco(coco, 'train.json', cocoOf('t', 4, 14, 1))
    await writeCoco(coco, 'dev.json', cocoOf('v', 2, 14, 11))
    await writeCamvid(camvid, { train: ['a_1', 'a_2', 'a_3', 'a_4'], val: ['b_1'] })
    expect(await detectFormat(coco)).toBe('coco')
    expect(await detectFormat(camvid)).toBe('camvid')
    await expect(detectFormat(folder)).rejects.toThrow('has none of the known layouts')
    expect((await inspectDatasetFolder(coco, null)).splits).toEqual({ train: 3, search: 1, report: 2 })
    expect((await inspectDatasetFolder(camvid, 'camvid')).splits.report).toBe(1)
    await rm(coco, { recursive: true })
    await rm(camvid, { recursive: true })
  })
})

describe.skipIf(!hasShared)('real data (needs ../shared/data)', () => {
  it('finds 2,600 persons with 14 joints in Leeds Sports Pose', async () => {
    const facts = await inspectDatasetFolder(sharedPath('data/lspet_crowdpose14'), null)
    expect(facts.splits.train + facts.splits.search).toBe(2300)
    expect(facts.splits.report).toBe(300)
    expect(facts.skeleton?.name).toBe('crowdpose14')
    expect(facts.leftOut).toEqual([])
  }, 60_000)

  it('finds the 635 and 84 persons with joints of the small COCO folder', async () => {
    const facts = await inspectDatasetFolder(sharedPath('data/coco_person_mini'), null)
    expect(facts.splits.train + facts.splits.search).toBe(635)
    expect(facts.splits.report).toBe(84)
    expect(facts.skeleton?.name).toBe('coco17')
  }, 60_000)

  it('cuts the search split of CamVid by clip and keeps the dusk drive of the report split in training', async () => {
    const facts = await inspectDatasetFolder(sharedPath('data/camvid'), null)
    expect(facts.splits).toEqual({ train: 266, search: 101, report: 62 })
    expect(facts.leftOut).toEqual([])
    expect(facts.classes?.ignoreLabel).toBe(11)
  }, 60_000)
})
