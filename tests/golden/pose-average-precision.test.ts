import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COCO_17, CROWDPOSE_14 } from '../../src-main/datasets/skeletons.ts'
import { averagePrecision, type KeypointScores } from '../../src-main/vision/keypoints/average-precision.ts'
import type {
  DetectedPerson,
  TruthPerson,
} from '../../src-main/vision/keypoints/object-keypoint-similarity.ts'
import { hasShared, readGoldenJson, sharedPath } from '../support/read-npz.ts'

interface CocoTruth {
  annotations: {
    image_id: number
    keypoints: number[]
    bbox: [number, number, number, number]
    area?: number
    iscrowd?: number
  }[]
}
interface CocoDetection {
  image_id: number
  score: number
  keypoints: number[]
}
type Stats = Record<string, number>

const NAMES: readonly (readonly [string, keyof KeypointScores])[] = [
  ['AP', 'ap'],
  ['AP50', 'ap50'],
  ['AP75', 'ap75'],
  ['APM', 'apMedium'],
  ['APL', 'apLarge'],
  ['AR', 'ar'],
  ['AR50', 'ar50'],
  ['AR75', 'ar75'],
  ['ARM', 'arMedium'],
  ['ARL', 'arLarge'],
]

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- reads shorter than a cast at every caller
function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- as above
function readParity<T>(name: string): T {
  return readJson<T>(sharedPath(`data/eval_parity/${name}`))
}

function truthOf(file: CocoTruth, areaOfBox: number | null = null): TruthPerson[] {
  return file.annotations.map(({ image_id, keypoints, bbox, area, iscrowd }) => ({
    imageId: image_id,
    keypoints,
    box: bbox,
    area: areaOfBox === null ? (area ?? 0) : areaOfBox * bbox[2] * bbox[3],
    isCrowd: iscrowd === 1,
  }))
}

function detectionsOf(list: readonly CocoDetection[]): DetectedPerson[] {
  return list.map(({ image_id, score, keypoints }) => ({ imageId: image_id, score, keypoints }))
}

function expectStats(scores: KeypointScores, stats: Stats, tolerance: number): void {
  const checked = NAMES.filter(([name]) => stats[name] !== undefined)
  expect(checked.length).toBeGreaterThanOrEqual(6)
  for (const [name, key] of checked) {
    const value = scores[key]
    expect(
      typeof value === 'number' ? Math.abs(value - (stats[name] ?? NaN)) : NaN,
      name,
    ).toBeLessThanOrEqual(tolerance)
  }
}

describe.skipIf(!hasShared)('COCO key-point scores (needs ../shared/data)', () => {
  it.each(['dev_jitter', 'dev_ties'])(
    '%s: equal to pycocotools in all ten numbers and per threshold',
    (name) => {
      const golden = readGoldenJson<{
        stats: Stats
        apPerThreshold: Stats
        recallPerThreshold: Stats
        detections: CocoDetection[]
      }>(`oks_ap/${name}.json`)
      const truth = truthOf(
        readJson(sharedPath('data/coco_person_mini/annotations/person_keypoints_dev.json')),
      )
      const scores = averagePrecision({
        truth,
        detections: detectionsOf(golden.detections),
        sigmas: COCO_17.sigmas,
      })
      // Sums of at most a thousand float64 terms; the reference states 1e-12.
      expectStats(scores, golden.stats, 1e-12)
      Object.values(golden.apPerThreshold).forEach((value, index) => {
        expect(scores.apPerThreshold[index]).toBeCloseTo(value, 12)
      })
      Object.values(golden.recallPerThreshold).forEach((value, index) => {
        expect(scores.recallPerThreshold[index]).toBeCloseTo(value, 12)
      })
    },
  )

  it.each([
    ['coco_fakekeypoints100', 'coco_fakekeypoints100/gt.json', 'coco_fakekeypoints100/dt.json'],
    ['fce_keypoints_139099', 'fce_keypoints_139099/gt.json', 'fce_keypoints_139099/dt.json'],
    ['xt_coco', 'xt_coco/gt.json', 'xt_coco/dt.json'],
    ['mmpose_coco/bbox_keypoint', 'mmpose_coco/test_coco.json', 'mmpose_coco/dt_bbox_keypoint.json'],
    ['mmpose_coco/bbox_rle', 'mmpose_coco/test_coco.json', 'mmpose_coco/dt_bbox_rle.json'],
    ['coco_val500_synthetic', 'coco_val500_gt.json', 'coco_val500_synthetic_dt.json'],
  ])('%s: equal to the stated numbers', (name, truthFile, detectionFile) => {
    const expected = readParity<Record<string, { reimpl: Stats }>>('expected.json')
    const truth = truthOf(readParity(truthFile))
    const detections = detectionsOf(readParity(detectionFile))
    const scores = averagePrecision({ truth, detections, sigmas: COCO_17.sigmas })
    expectStats(scores, expected[name]?.reimpl ?? {}, 1e-12)
  })

  it('xt_crowdpose: 14 joints, area as a share of the box', () => {
    const expected = readParity<Record<string, { stated_exact: Stats }>>('expected.json')
    const truth = truthOf(readParity('xt_crowdpose/gt.json'), 0.53)
    const detections = detectionsOf(readParity('xt_crowdpose/dt.json'))
    const scores = averagePrecision({ truth, detections, sigmas: CROWDPOSE_14.sigmas })
    expectStats(scores, expected['xt_crowdpose']?.stated_exact ?? {}, 1e-12)
  })
})
