import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src-main/nas/random.ts'
import { runCli } from '../support/run-cli.ts'

const SIDE = 80
const root = mkdtempSync(join(tmpdir(), 'scalenas-pckh-'))
const folder = join(root, 'mpii')
const random = createRandom(8)

/** A bright spot for each of the 16 joints on grey; MPII counts pixels from 1. */
async function drawPerson(image: string): Promise<object> {
  const joints = Array.from({ length: 16 }, (_, joint) => [
    16 + 15 * (joint % 4) + random.int(5),
    12 + 17 * Math.floor(joint / 4) + random.int(5),
  ])
  const data = Buffer.alloc(SIDE * SIDE * 3, 90)
  joints.forEach(([x = 0, y = 0], joint) => {
    for (let at = 0; at < 25; at++) {
      const pixel = ((y - 3 + Math.floor(at / 5)) * SIDE + x - 3 + (at % 5)) * 3
      data.set([(joint * 53) % 256, (joint * 101) % 256, (joint * 197) % 256], pixel)
    }
  })
  await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } }).toFile(join(folder, 'images', image))
  const joints_vis = new Array<number>(16).fill(1)
  return { image, joints, joints_vis, center: [40, 40], scale: 0.35, head_box: [30, 8, 46, 20] }
}

beforeAll(async () => {
  mkdirSync(join(folder, 'images'), { recursive: true })
  mkdirSync(join(folder, 'annot'))
  for (const [list, count] of [
    ['train', 40],
    ['valid', 8],
  ] as const) {
    const persons: object[] = []
    for (let index = 0; index < count; index++) {
      persons.push(await drawPerson(`${list}${String(index)}.png`))
    }
    writeFileSync(join(folder, 'annot', `${list}.json`), JSON.stringify(persons))
  }
})
afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

describe('a run that searches by PCKh', () => {
  it('names it as its metric in search and report', async () => {
    const call = await runCli([
      ...['run', 'micro-pose', '--json', '--data', join(root, 'data'), '--dataset', folder],
      ...[
        ...['pose.metric=pckh', 'teacher.epochs=2', 'supernet.epochs=2', 'search.initial=15'],
        ...['search.generations=0', 'search.recalibrationBatches=1', 'dataset.nearDuplicates=ignore'],
      ].flatMap((pair) => ['--set', pair]),
    ])
    expect(call.code, call.stderr).toBe(0)
    const { protocol, reportScores, front } = JSON.parse(call.stdout) as {
      readonly protocol: { readonly metric: string }
      readonly front: readonly { readonly accuracy: number }[]
      readonly reportScores: readonly {
        readonly metrics: Readonly<Record<string, number>>
        readonly protocol: { readonly metric: string; readonly split: string }
      }[]
    }
    expect(protocol.metric).toBe('PCKh@0.5')
    expect(front.length).toBeGreaterThan(0)
    expect(reportScores.length).toBeGreaterThan(0)
    for (const { metrics, protocol: own } of reportScores) {
      expect(own).toMatchObject({ metric: 'PCKh@0.5', split: 'report' })
      expect(metrics['accuracy']).toBe(metrics['pckh'])
      expect(metrics['pckh']).toBeGreaterThanOrEqual(0)
      expect(metrics['pckh']).toBeLessThanOrEqual(1)
    }
  }, 180_000)
})
