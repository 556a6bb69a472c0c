import { describe, expect, it } from 'vitest'
import { packPictureResults, unpackPictureResults } from '../../../src-main/contract/index.ts'
import type { PictureResults, PoseMetric } from '../../../src-main/contract/index.ts'
import type { PoseSample, ScenePerson } from '../../../src-main/datasets/dataset.ts'
import { countPictures, scoreOfPictures } from '../../../src-main/engine/intervals/score-of-pictures.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { countOverlaps } from '../../../src-main/tasks/picture-overlaps.ts'
import { scorePoses } from '../../../src-main/tasks/pose-scoring.ts'
import { scoreScenes } from '../../../src-main/tasks/scene-scoring.ts'
import { scoreMatrix } from '../../../src-main/tasks/segmentation-scoring.ts'
import type { ScoreResult } from '../../../src-main/tasks/task.ts'

const LSP_JOINTS = ['left shoulder', 'right shoulder', 'left hip', 'right hip', 'head']
const MPII_LIKE = Array.from({ length: 16 }, (_, joint) => `joint ${String(joint)}`)

/** The accuracy as it follows from what is stored. */
function recompute({ pictures }: ScoreResult): number {
  const results = unpackPictureResults(packPictureResults(required(pictures)))
  return scoreOfPictures(results)(new Uint8Array(countPictures(results)).fill(1))
}

function required(pictures: PictureResults | undefined): PictureResults {
  if (pictures === undefined) {
    throw new Error('the score has no results by picture')
  }
  return pictures
}

/** Persons of random pictures, some of them two to a picture, with unlabelled joints and answers near and far. */
function drawPoses(seed: number, joints: readonly string[], metric: PoseMetric) {
  const random = createRandom(seed, 'poses')
  const crops = Array.from({ length: 60 }, (_, person) => {
    const [x, y] = [random.int(200), random.int(200)]
    const keypoints = Float32Array.from(
      joints.flatMap(() => [x + random.int(60), y + random.int(90), random.int(3)]),
    )
    const imageKey = `picture ${String(Math.floor(person / 1.5))}`
    const sample: PoseSample = {
      ...{ id: String(person), imageKey, imageWidth: 400, imageHeight: 400, keypoints },
      ...{ box: [x, y, 60, 90] as const, area: 1000 + random.int(9000), headSize: person % 7 === 0 ? 0 : 12 },
    }
    return { sample }
  })
  const answers = crops.map(({ sample: { keypoints } }) => ({
    positions: joints.flatMap((_, joint) =>
      [0, 1].map((axis) => (keypoints[joint * 3 + axis] ?? 0) + 8 * random.normal()),
    ),
    // Steps of a tenth, so that persons of different pictures tie.
    confidences: joints.map(() => 0.5 + random.int(5) / 10),
  }))
  const skeleton = { joints, sigmas: joints.map(() => 0.08) }
  return scorePoses(answers, crops, { metric, skeleton, ignored: [], aspect: 0.75, truth: null })
}

describe('results by picture', () => {
  it.each([
    ['pck', LSP_JOINTS],
    ['pckh', MPII_LIKE],
    ['ap', LSP_JOINTS],
  ] as const)('hold the %s of top-down pose to the last bit', (metric, joints) => {
    for (const seed of [1, 2, 3]) {
      const result = drawPoses(seed, joints, metric)
      expect(result.accuracy).toBeGreaterThan(0.01)
      expect(result.accuracy).toBeLessThan(0.99)
      expect(recompute(result)).toBe(result.accuracy)
      // 60 persons in pictures of one or two.
      expect(countPictures(required(result.pictures))).toBe(40)
    }
  })

  it('hold the AP of whole pictures to the last bit, empty pictures and crowds included', () => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed, 'scenes')
      const draw = (isCrowd: boolean): ScenePerson => {
        const [x, y] = [random.int(300), random.int(300)]
        const keypoints = Float32Array.from(
          LSP_JOINTS.flatMap(() => [x + random.int(80), y + random.int(120), isCrowd ? 0 : 2]),
        )
        return { box: [x, y, 80, 120], keypoints, area: 2000 + random.int(20_000), isCrowd }
      }
      const samples = Array.from({ length: 40 }, (_, index) => ({
        id: `s${String(index)}`,
        persons: Array.from({ length: index % 4 }, (_person, at) => draw(index % 5 === 0 && at === 0)),
      }))
      const answers = samples.map(({ persons }, index) =>
        [...persons, ...(index % 3 === 0 ? [draw(false)] : [])].map(({ keypoints }) => ({
          score: random.int(8) / 8,
          keypoints: keypoints.map((value, at) => (at % 3 === 2 ? 1 : value + 6 * random.normal())),
        })),
      )
      const result = scoreScenes(answers, samples, { joints: LSP_JOINTS, sigmas: LSP_JOINTS.map(() => 0.08) })
      expect(result.accuracy).toBeGreaterThan(0.01)
      expect(result.accuracy).toBeLessThan(0.99)
      expect(recompute(result)).toBe(result.accuracy)
      expect(countPictures(required(result.pictures))).toBe(40)
    }
  })

  it('hold the mean IoU of segmentation to the last bit, also of classes that most pictures have not', () => {
    const random = createRandom(1, 'label maps')
    const classes = ['road', 'tree', 'car', 'pole', 'nowhere']
    const overlaps = countOverlaps(classes.length, 255)
    for (let picture = 0; picture < 30; picture++) {
      const truth = Uint8Array.from({ length: 200 }, () =>
        random.int(9) === 0 ? 255 : random.int(picture % 5 === 0 ? 4 : 3),
      )
      const answer = truth.map((label) => (label === 255 || random.int(3) === 0 ? random.int(3) : label))
      overlaps.add(truth, answer)
    }
    const result = { ...scoreMatrix(overlaps.matrix, classes), pictures: overlaps.results() }
    expect(result.metrics).not.toHaveProperty('class nowhere')
    expect(recompute(result)).toBe(result.accuracy)
    expect(countPictures(result.pictures)).toBe(30)
  })

  it('refuse bytes that they were not written as', () => {
    const packed = packPictureResults({
      kind: 'ratio',
      hits: new Uint32Array([1]),
      trials: new Uint32Array([2]),
    })
    expect(() => unpackPictureResults(packed.subarray(0, 20))).toThrow(
      'have 20 bytes, and their header needs 24',
    )
    expect(() => unpackPictureResults(new Uint8Array([...packed, 0]))).toThrow('have 25 bytes')
    expect(() => unpackPictureResults(packed.with(0, 9))).toThrow('none of: ratio, iou, ap')
  })
})
