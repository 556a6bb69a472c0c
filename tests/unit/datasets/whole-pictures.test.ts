import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SceneDataset } from '../../../src-main/datasets/dataset.ts'
import { openDataset, openRecipe } from '../../../src-main/datasets/open-dataset.ts'
import { countLabelled } from '../../../src-main/datasets/pose-box.ts'
import { cocoOf, makeFolder, writeCoco } from './made-folders.ts'

const JOINTS = 14
/** Pictures of 40 x 30. */
const [WIDTH, HEIGHT] = [40, 30] as const

let folder = ''
let dataset: SceneDataset

beforeAll(async () => {
  folder = await makeFolder()
  const nobody = { category_id: 1, keypoints: new Array<number>(JOINTS * 3).fill(0), area: 50 }
  const validation = cocoOf('v', 4, JOINTS, 11)
  validation.annotations.push(
    // A crowd by runs: columns 2 and 3 of the picture, whole.
    {
      ...{ ...nobody, id: 901, image_id: 11, bbox: [2, 0, 2, HEIGHT], iscrowd: 1 },
      segmentation: { size: [HEIGHT, WIDTH], counts: [2 * HEIGHT, 2 * HEIGHT, 36 * HEIGHT] },
    },
    // Nobody labelled the person of this outline, 4 x 3 pixels.
    {
      ...{ ...nobody, id: 902, image_id: 12, bbox: [10, 5, 4, 3] },
      segmentation: [[10, 5, 14, 5, 14, 8, 10, 8]],
    },
    // No outline: the box stands for it. Runs of another size say nothing either.
    { ...nobody, id: 903, image_id: 13, bbox: [20, 10, 6, 5] },
    {
      ...{ ...nobody, id: 904, image_id: 13, bbox: [0, 0, 2, 2], iscrowd: 1 },
      segmentation: { size: [5, 5], counts: [25] },
    },
  )
  await writeCoco(folder, 'train.json', cocoOf('t', 4, JOINTS, 1))
  await writeCoco(folder, 'val.json', validation)
  const opened = await openDataset(
    {
      ...{ source: 'coco', path: folder, searchFraction: 0.3, searchLimit: 9, reportLimit: 9 },
      drawn: { train: 1, search: 1, report: 1, seed: 1 },
    },
    'bottom-up-pose',
    1,
  )
  if (opened.kind !== 'bottom-up-pose') {
    throw new TypeError(`opened as ${opened.kind}`)
  }
  dataset = opened
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

describe('whole pictures of a COCO folder', () => {
  it('hold crowds and persons without labels, who count neither way', () => {
    const persons = dataset.splits.report.map((sample) => sample.persons.length)
    expect(persons).toEqual([2, 2, 3, 1])
    const [crowd] = dataset.splits.report[0]?.persons.slice(1) ?? []
    expect(crowd?.isCrowd).toBe(true)
    expect(countLabelled(crowd?.keypoints ?? Float32Array.of(1))).toBe(0)
    expect(dataset.facts.found).toContain(
      '4 crowds and persons without labels in them: masked in training, ignored in scores',
    )
    expect(dataset.splits.report[0]?.imageId).toBe(11)
  })

  it('are masked where they are: by outline or runs, else by the box', async () => {
    const pixels = await Promise.all(dataset.splits.report.map(async (sample) => maskedOf(dataset, sample)))
    expect(pixels).toEqual([
      rectangle(2, 0, 2, HEIGHT),
      rectangle(10, 5, 4, 3),
      [...rectangle(0, 0, 2, 2), ...rectangle(20, 10, 6, 5)],
      null,
    ])
  })

  it('are the same from the recipe that another thread gets', async () => {
    const again = openRecipe(structuredClone(dataset.recipe), 0) as SceneDataset
    expect(again.splits).toEqual(dataset.splits)
    for (const sample of dataset.splits.report) {
      expect(await again.load(sample)).toEqual(await dataset.load(sample))
    }
  })
})

/** Masked pixels of a picture as "x,y", row by row; null without a mask. */
async function maskedOf(
  from: SceneDataset,
  sample: SceneDataset['splits']['report'][number],
): Promise<string[] | null> {
  const { mask } = await from.load(sample)
  return mask === null
    ? null
    : [...mask].flatMap((value, at) =>
        value === 0 ? [`${String(at % WIDTH)},${String(Math.floor(at / WIDTH))}`] : [],
      )
}

function rectangle(x: number, y: number, width: number, height: number): string[] {
  return Array.from(
    { length: width * height },
    (_, at) => `${String(x + (at % width))},${String(y + Math.floor(at / width))}`,
  )
}
