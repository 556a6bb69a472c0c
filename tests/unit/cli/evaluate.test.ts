import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluateCommand } from '../../../src-main/cli/commands/evaluate.ts'
import { runCommandLine } from '../../../src-main/cli/run-command-line.ts'
import { createTemporaryFolder } from '../../support/engine-core.ts'

const keypoints = (x: number): number[] => [x, 10, 2, x + 40, 60, 2]
const truth = {
  images: [{ id: 1 }, { id: 2 }],
  categories: [{ id: 1, name: 'person', keypoints: ['head', 'foot'] }],
  annotations: [
    {
      id: 1,
      image_id: 1,
      category_id: 1,
      bbox: [0, 10, 40, 50],
      area: 2000,
      iscrowd: 0,
      num_keypoints: 2,
      keypoints: keypoints(0),
    },
    {
      id: 2,
      image_id: 2,
      category_id: 1,
      bbox: [9, 10, 40, 50],
      area: 2000,
      iscrowd: 0,
      num_keypoints: 2,
      keypoints: keypoints(9),
    },
  ],
}
const detection = { image_id: 1, category_id: 1, score: 0.9, keypoints: keypoints(0) }

describe('scalenas evaluate keypoints', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  beforeAll(() => {
    folder = createTemporaryFolder()
  })
  afterAll(() => {
    folder.remove()
  })
  const write = (name: string, value: unknown): string => {
    const path = join(folder.folder, name)
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
    return path
  }
  const evaluate = async (gt: unknown, dt: unknown, ...more: readonly string[]) => {
    const out: string[] = []
    const err: string[] = []
    const code = await runCommandLine(
      { evaluate: evaluateCommand },
      [
        ...['evaluate', 'keypoints', '--gt', write('gt.json', gt), '--dt', write('dt.json', dt)],
        ...(more.includes('--sigmas') ? more : ['--sigmas', '0.1,0.1', ...more]),
      ],
      {
        parts: {} as never,
        terminal: { out: (text) => out.push(text), err: (text) => err.push(text), isInteractive: false },
        interrupted: new AbortController().signal,
      },
    )
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  it('prints the ten numbers as JSON, and everybody as missed without detections', async () => {
    const call = await evaluate(truth, [detection], '--json')
    expect(call.code, call.err).toBe(0)
    // One of two found: precision 1 up to recall 0.5, which is 51 of the 101 recalls.
    expect(JSON.parse(call.out)).toMatchObject({
      ...{
        AP: expect.closeTo(51 / 101, 12) as number,
        AP50: expect.closeTo(51 / 101, 12) as number,
        AR: 0.5,
        APL: -1,
      },
      ...{ protocol: 'coco', persons: 2, detections: 1 },
      joints: [{ name: 'head', labelled: 2, matched: 1, similarity: 1, found: 0.5 }, {}],
    })
    const none = await evaluate(truth, [])
    expect(none.code).toBe(0)
    expect(none.out).toMatch(/AP +0\.0000/)
    expect(none.err).toMatch(/no detections: everybody counts as missed/)
  })

  const [first, second] = truth.annotations
  it.each([
    ['an unknown image', truth, [{ ...detection, image_id: 7 }], /1 detections are of images .*: 7/],
    ['an id of the other type', truth, [{ ...detection, image_id: '1' }], /"1"/],
    [
      'another number of joints',
      truth,
      [{ ...detection, keypoints: [1, 2, 3] }],
      /must be 6 numbers .*they are 3/,
    ],
    ['NaN', truth, '[{"image_id":1,"category_id":1,"score":NaN,"keypoints":[]}]', /holds NaN/],
    [
      'a missing score',
      truth,
      [{ ...detection, score: undefined }],
      /detection 0: score must be a number, it is nothing/,
    ],
    [
      'null in key points',
      truth,
      [{ ...detection, keypoints: [0, null, 1, 1, 1, 1] }],
      /keypoints\[1\] must be a number/,
    ],
    ['no list', truth, { annotations: [] }, /detections are a list/],
    ['broken JSON', truth, '[{', /dt\.json is not JSON/],
    [
      'a missing area',
      { ...truth, annotations: [{ ...first, area: undefined }] },
      [],
      /annotation 1 has no area.*--areas box/,
    ],
    [
      'ids twice',
      { ...truth, annotations: [first, { ...second, id: 1 }] },
      [],
      /annotation id 1 is there twice/,
    ],
    ['no categories', { ...truth, categories: [] }, [], /categories is empty/],
    ['no annotations', { ...truth, annotations: undefined }, [], /annotations must be a list/],
  ])('refuses %s with exit code 2', async (_, gt, dt, message) => {
    const call = await evaluate(gt, dt)
    expect(call.code).toBe(2)
    expect(call.err).toMatch(message)
    expect(call.out).toBe('')
  })

  it('says what sigmas may be', async () => {
    const unknown = await evaluate(truth, [detection], '--sigmas', 'mpii')
    expect([unknown.code, unknown.err]).toEqual([
      2,
      expect.stringContaining('coco17, crowdpose14, wholebody133') as string,
    ])
    const few = await evaluate(truth, [detection], '--sigmas', '0.1,0')
    expect([few.code, few.err]).toEqual([2, expect.stringContaining('number 2 is not') as string])
    const file = await evaluate(
      truth,
      [detection],
      '--sigmas',
      write('sigmas.txt', '[0.1,\n 0.1]\n'),
      '--areas',
      'box',
    )
    expect(file.code, file.err).toBe(0)
  })
})
