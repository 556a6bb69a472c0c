import type { SceneDataset, ScenePerson, SceneSample, Skeleton } from '../datasets/dataset.ts'
import { countLabelled } from '../datasets/pose-box.ts'
import { averagePrecision } from '../vision/keypoints/average-precision.ts'
import { similarityPerJoint } from '../vision/keypoints/joint-similarity.ts'
import type { DetectedPerson } from '../vision/keypoints/object-keypoint-similarity.ts'
import { meanPose, placeMeanPose } from '../vision/keypoints/mean-pose.ts'
import type { Pictures } from './pictures.ts'
import { predictEach, type PredictedPerson, type SceneGeometry } from './predict-scenes.ts'
import { crowdNumbers } from './crowd-numbers.ts'
import type { CocoDetection } from './pose-average-precision.ts'
import { precisionResults } from './picture-results.ts'
import type { PlannedScene, PreparedScene } from '../datasets/prepared-scenes.ts'
import type { ScoreResult, ScoringSet } from './task.ts'

export function createSceneScoring(
  scenes: Pictures<PlannedScene, PreparedScene>,
  geometry: SceneGeometry,
): ScoringSet {
  return {
    count: scenes.known.length,
    async score(kernels, forward, options) {
      const persons = await predictEach(kernels, forward, scenes, geometry, options)
      const samples = scenes.known.map(({ sample }) => sample)
      return scoreScenes(persons, samples, geometry.skeleton)
    },
  }
}

type ScoredScene = Pick<SceneSample, 'id' | 'imageId' | 'crowdIndex' | 'persons'>
type FoundPerson = Pick<PredictedPerson, 'keypoints' | 'score'>

/**
 * OKS AP of everybody in every picture, COCO's protocol (method.md 6.4), with its parts: by size and by joint, CrowdPose's three levels
 * where every picture says how crowded it is. No person to find: 0.
 */
export function scoreScenes(
  persons: readonly (readonly FoundPerson[])[],
  samples: readonly ScoredScene[],
  { sigmas, joints }: Pick<Skeleton, 'sigmas' | 'joints'>,
): ScoreResult {
  const truth = samples.flatMap((sample) =>
    sample.persons.map((person) => ({ imageId: imageIdOf(sample), ...person })),
  )
  const detect = (answers: typeof persons) =>
    samples.flatMap((sample, index) =>
      (answers[index] ?? []).map(({ keypoints, score }) => ({
        ...{ imageId: imageIdOf(sample), score, keypoints },
      })),
    )
  const detections = detect(persons)
  const { ap, ...parts } = averagePrecision({ truth, detections, sigmas })
  const { ap50, ap75, apMedium, apLarge, ar } = parts
  const known = Object.entries({ ap50, ap75, apMedium, apLarge, ar }).filter(([, value]) => value >= 0)
  // The same answers as if there were one person a picture: what finding the others is worth.
  const surest = persons.map((found) => found.toSorted((a, b) => b.score - a.score).slice(0, 1))
  const ofSurest = averagePrecision({ truth, detections: detect(surest), sigmas }).ap
  const accuracy = Math.max(0, ap)
  const perJoint = similarityPerJoint(truth, detections, sigmas)
  return {
    accuracy,
    metrics: {
      ap: accuracy,
      ...Object.fromEntries(known),
      apOfSurest: Math.max(0, ofSurest),
      persons: samples.reduce((sum, sample) => sum + sample.persons.filter(isScored).length, 0),
      found: persons.reduce((sum, found) => sum + found.length, 0),
      ...Object.fromEntries(joints.map((name, joint) => [`joint ${name}`, perJoint[joint] ?? 0])),
      ...crowdNumbers(new Map(samples.map((sample) => [imageIdOf(sample), sample.crowdIndex])), {
        ...{ truth, detections, sigmas },
      }),
    },
    detections: detections.map(toCocoDetection),
    pictures: precisionResults({ truth, detections, sigmas }, samples.map(imageIdOf)),
  }
}

function imageIdOf({ imageId, id }: Pick<SceneSample, 'imageId' | 'id'>): number | string {
  return imageId ?? id
}

function toCocoDetection({ imageId, keypoints, score }: DetectedPerson): CocoDetection {
  return { image_id: imageId, category_id: 1, keypoints: Array.from(keypoints), score }
}

/** The answer that never looks at the picture: the mean training pose in the mean training box, once a picture. */
export function scoreMeanScene(dataset: SceneDataset, samples: readonly SceneSample[]): ScoreResult {
  const { joints } = dataset.skeleton
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
  return scoreScenes(answers, samples, dataset.skeleton)
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
  return scoreScenes(answers, samples, dataset.skeleton)
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
