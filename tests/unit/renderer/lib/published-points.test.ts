import { describe, expect, it } from 'vitest'
import { publishedResultsSchema } from '../../../../src-main/contract/index.ts'
import type { DatasetFacts, RunDetails } from '../../../../src-main/contract/index.ts'
import published from '../../../../resources/published.json' with { type: 'json' }
import { matchPublished } from '../../../../src-renderer/lib/published-points.ts'
import { samplePreset } from '../support/sample-run.ts'

const results = publishedResultsSchema.parse(published)
const labelsOf = (id: string): readonly string[] =>
  results.protocols.find((protocol) => protocol.id === id)?.labels ?? []

const FACTS: DatasetFacts = {
  ...{ name: 'COCO', format: 'coco', task: 'pose', path: '/data', fingerprint: 'f' },
  ...{ splits: { train: 1, search: 1, report: 1 }, skeleton: null, classes: null },
  ...{ found: [], leftOut: [], warnings: [] },
}
const skeletonOf = (joints: readonly string[]): NonNullable<DatasetFacts['skeleton']> => ({
  ...{ name: 'coco17', joints, edges: [], flipPairs: [], sides: [], sigmas: [] },
})
const classesOf = (names: readonly string[]): NonNullable<DatasetFacts['classes']> => ({
  ...{ names, palette: [], ignoreLabel: 255 },
})

type Run = Parameters<typeof matchPublished>[1]

function run(
  changes: Partial<Pick<RunDetails, 'dataset' | 'metricName' | 'task'>>,
  [inputHeight, inputWidth]: readonly [number, number] = [256, 192],
): Run {
  const { config } = samplePreset()
  return {
    task: 'pose',
    metricName: 'AP',
    dataset: { ...FACTS, skeleton: skeletonOf(labelsOf('coco-val-top-down')) },
    config: { ...config, network: { ...config.network, inputHeight, inputWidth } },
    ...changes,
  }
}

const cityscapes = (names = labelsOf('cityscapes-val')): Run =>
  run(
    { task: 'segmentation', metricName: 'mIoU', dataset: { ...FACTS, classes: classesOf(names) } },
    [1024, 2048],
  )

const names = (given: Run): readonly string[] => matchPublished(results, given).map(({ name }) => name)

describe('published results on a chart', () => {
  it('stand there where task, metric, labels, input and counter match', () => {
    expect(names(run({}))).toEqual([
      'SimpleBaseline ResNet-152',
      'AutoPose searched',
      'HRNet W32',
      'HRNet W48',
      'ScaleNet-P2 W32',
    ])
    expect(names(run({}, [384, 288]))).toHaveLength(6)
    expect(names(cityscapes())).toHaveLength(10)
    const hrnet = matchPublished(results, run({})).find(({ name }) => name === 'HRNet W32')
    // method.md 4.2: printed 7.1, our exact count 7,645,003,776; equal to the printed digit.
    expect((hrnet?.macs ?? 0) / 2 ** 30).toBeCloseTo(7_645_003_776 / 2 ** 30, 1)
    expect(hrnet?.accuracy).toBe(0.744)
    expect(hrnet?.about).toMatch(/74\.4 at 7\.1 GFLOPs, 28\.5 M params, COCO val2017.*256 × 192.*HRNet\)/)
  })

  it('labels are compared by words, not by writing', () => {
    expect(
      names(cityscapes(labelsOf('cityscapes-val').map((name) => name.toUpperCase().replace(' ', '_')))),
    ).toHaveLength(10)
  })

  it('never on drawn data, and not before the dataset is known', () => {
    const skeleton = skeletonOf(labelsOf('coco-val-top-down'))
    expect(names(run({ dataset: { ...FACTS, format: 'drawn', skeleton } }))).toEqual([])
    expect(names(run({ dataset: null }))).toEqual([])
  })

  it('not on another metric, input size, task, or set of labels', () => {
    expect(names(run({ metricName: 'PCK@0.2' }))).toEqual([])
    expect(names(run({}, [128, 96]))).toEqual([])
    expect(names(run({}, [192, 256]))).toEqual([])
    expect(names(run({ task: 'segmentation' }))).toEqual([])
    const joints = labelsOf('coco-val-top-down')
    expect(names(run({ dataset: { ...FACTS, skeleton: skeletonOf(joints.slice(1)) } }))).toEqual([])
    expect(names(run({ dataset: { ...FACTS, skeleton: skeletonOf(joints.toReversed()) } }))).toEqual([])
    expect(names(cityscapes(['Sky', 'Building']))).toEqual([])
  })

  it('bottom-up results are counted in another way and never appear', () => {
    expect(names(run({}, [512, 512]))).toEqual([])
    expect(names(run({}, [640, 640]))).toEqual([])
  })
})
