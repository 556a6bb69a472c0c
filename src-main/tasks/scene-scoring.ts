import type { SceneDataset, ScenePerson, SceneSample } from '../datasets/dataset.ts'
import { countLabelled } from '../datasets/pose-box.ts'
import { averagePrecision, type KeypointScores } from '../vision/keypoints/average-precision.ts'
import { meanPose, placeMeanPose } from '../vision/keypoints/mean-pose.ts'
import { predictScenes, type PredictedPerson, type SceneGeometry } from './predict-scenes.ts'
import type { PreparedScene } from './prepared-scenes.ts'
import type { ScoreResult, ScoringSet } from './task.ts'

export function createSceneScoring(scenes: readonly PreparedScene[], geometry: SceneGeometry): ScoringSet {
  return {
    count: scenes.length,
    async score(kernels, forward, options) {
      const persons = await predictScenes(kernels, forward, scenes, geometry, options)
      const samples = scenes.map(({ sample }) => sample)
      return scoreScenes(persons, samples, geometry.skeleton.sigmas)
    },
  }
}

/** OKS AP of everybody in every picture, COCO's protocol (method.md 6.4). No person to find: 0. */
export function scoreScenes(
  persons: readonly (readonly Pick<PredictedPerson, 'keypoints' | 'score'>[])[],
  samples: readonly Pick<SceneSample, 'id' | 'persons'>[],
  sigmas: readonly number[],
): ScoreResult {
  const truth = samples.flatMap(({ id, persons: own }) => own.map((person) => ({ imageId: id, ...person })))
  const measure = (answers: typeof persons): KeypointScores =>
    averagePrecision({
      truth,
      detections: answers.flatMap((found, index) => {
        const imageId = samples[index]?.id ?? ''
        return found.map(({ keypoints, score }) => ({ imageId, score, keypoints }))
      }),
      sigmas,
    })
  const { ap, ap50, ap75, ar } = measure(persons)
  // The same answers as if there were one person a picture: what finding the others is worth.
  const surest = persons.map((found) => found.toSorted((a, b) => b.score - a.score).slice(0, 1))
  return {
    accuracy: Math.max(0, ap),
    metrics: {
      ...{ ap, ap50, ap75, ar, apOfSurest: measure(surest).ap },
      persons: samples.reduce((sum, sample) => sum + sample.persons.filter(isScored).length, 0),
      found: persons.reduce((sum, found) => sum + found.length, 0),
    },
  }
}

/** The answer that never looks at the picture: the mean training pose in the mean training box, once a picture. */
export function scoreMeanScene(dataset: SceneDataset, samples: readonly SceneSample[]): ScoreResult {
  const { joints, sigmas } = dataset.skeleton
  const known = dataset.splits.train.flatMap((sample) =>
    sample.persons.filter(isScored).map((person) => ({ sample, person })),
  )
  const mean = meanPose(
    known.map(({ person }) => person),
    joints.length,
  )
  const share = (part: 0 | 1 | 2 | 3): number =>
    known.reduce((sum, { sample, person }) => {
      const side = part % 2 === 0 ? sample.imageWidth : sample.imageHeight
      return sum + person.box[part] / side / known.length
    }, 0)
  const box = [share(0), share(1), share(2), share(3)] as const
  const answers = samples.map(({ imageWidth: w, imageHeight: h }) => {
    const placed = placeMeanPose(mean, [box[0] * w, box[1] * h, box[2] * w, box[3] * h])
    return [{ score: 1, keypoints: withConfidence(placed) }]
  })
  return scoreScenes(answers, samples, sigmas)
}

/**
 * The best that one person a picture can score: the largest labelled person, joint for joint as annotated. What a network must
 * beat to show that it tells persons apart.
 */
export function scoreOnePerson(dataset: SceneDataset, samples: readonly SceneSample[]): ScoreResult {
  const answers = samples.map(({ persons }) => {
    const [largest] = persons.filter(isScored).toSorted((a, b) => b.area - a.area)
    return largest === undefined ? [] : [{ score: 1, keypoints: largest.keypoints }]
  })
  return scoreScenes(answers, samples, dataset.skeleton.sigmas)
}

function isScored({ isCrowd, keypoints }: ScenePerson): boolean {
  return !isCrowd && countLabelled(keypoints) > 0
}

/** [J * 2] → [J * 3]. */
function withConfidence(positions: ArrayLike<number>): Float32Array {
  return Float32Array.from({ length: (positions.length / 2) * 3 }, (_, at) =>
    at % 3 === 2 ? 1 : (positions[Math.floor(at / 3) * 2 + (at % 3)] ?? 0),
  )
}
