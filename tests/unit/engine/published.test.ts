import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { PublishedResults } from '../../../src-main/contract/index.ts'
import { loadPublished } from '../../../src-main/engine/configure/published.ts'
import { countCost } from '../../../src-main/nas/cost.ts'
import { hrnetGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork } from '../../../src-main/nas/network-plan.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import { COCO_17, CROWDPOSE_14 } from '../../../src-main/datasets/skeletons.ts'
import { RESOURCES_FOLDER } from '../../support/engine-core.ts'
import { officialShape } from '../nas/spaces.ts'

const FILE = fileURLToPath(new URL('published.json', RESOURCES_FOLDER))
const published = await loadPublished(FILE)
const folder = mkdtempSync(join(tmpdir(), 'scalenas-published-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('resources/published.json', () => {
  it('holds every row of method.md 10.1 to 10.4', () => {
    const rows = Object.groupBy(published.points, ({ protocol }) => protocol)
    expect(Object.fromEntries(Object.entries(rows).map(([id, points]) => [id, points?.length]))).toEqual({
      'cityscapes-val': 10,
      'coco-val-top-down': 11,
      'mpii-val': 3,
      'coco-val-bottom-up': 5,
      'coco-test-dev-bottom-up': 1,
      'coco-test-dev-bottom-up-multi': 3,
      'crowdpose-test-multi': 2,
    })
    expect(published.points.filter(({ isScaleNet }) => isScaleNet)).toHaveLength(11)
  })

  it('labels are those of the skeletons that the datasets have', () => {
    const labels = (id: string) => published.protocols.find((protocol) => protocol.id === id)?.labels
    expect(labels('coco-val-top-down')).toEqual(COCO_17.joints)
    expect(labels('crowdpose-test-multi')).toEqual(CROWDPOSE_14.joints)
  })

  it('HRNet’s printed costs are those of the hrnet genotype, which anchors the counter', () => {
    const printed = published.points.filter(
      ({ protocol, method }) =>
        ['cityscapes-val', 'coco-val-top-down', 'mpii-val'].includes(protocol) && method.startsWith('HRNet'),
    )
    expect(printed).toHaveLength(6)
    for (const { protocol, backbone, input, gigaMacs, paramsMillions } of printed) {
      const task = protocol === 'cityscapes-val' ? 'segmentation' : 'pose'
      const space = officialSpace(task)
      const shape = officialShape(task, {
        baseWidth: Number(backbone.slice(1)),
        inputHeight: input.height,
        inputWidth: input.width,
        ...(protocol === 'mpii-val' ? { outputs: 16 } : {}),
      })
      const { macs, params } = countCost(planNetwork(space, shape, hrnetGenotype(space)))
      // One digit is printed; the parameters of the segmentation network are cut off, not rounded (method.md 4.2).
      expect(Math.abs(macs / 2 ** 30 - (gigaMacs ?? 0))).toBeLessThan(0.05 + 1e-9)
      expect(Math.abs(params / 1e6 - (paramsMillions ?? 0))).toBeLessThan(0.1)
    }
  })
})

describe('loadPublished', () => {
  const write = (change: (results: PublishedResults) => unknown): string => {
    const file = join(folder, 'published.json')
    const results = JSON.parse(readFileSync(FILE, 'utf8')) as PublishedResults
    writeFileSync(file, JSON.stringify(change(results)))
    return file
  }
  const [first] = published.points
  it.each([
    ['a protocol', { ...first, protocol: 'nowhere' }, /protocol nowhere, not listed/],
    ['a source', { ...first, sources: ['Z'] }, /source Z, not listed/],
    ['an accuracy that is a percentage', { ...first, accuracy: 80.5 }, /accuracy/],
  ])('refuses %s that does not fit, by name', async (_what, point, message) => {
    await expect(loadPublished(write((results) => ({ ...results, points: [point] })))).rejects.toThrow(
      message,
    )
  })
})
