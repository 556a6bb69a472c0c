import { EngineError, POSE_METRIC_NAMES } from '../contract/index.ts'
import type { PictureResults, PictureScore, PoseMetric } from '../contract/index.ts'
import type { IgnoredPerson, PoseDataset, PoseSample, Skeleton } from '../datasets/dataset.ts'
import { countLabelled } from '../datasets/pose-box.ts'
import { elementAt } from '../nas/element-at.ts'
import { meanPose, placeMeanPose } from '../vision/keypoints/mean-pose.ts'
import { objectKeypointSimilarity } from '../vision/keypoints/object-keypoint-similarity.ts'
import { findTorsoJoints, hasTorso, pck } from '../vision/keypoints/pck.ts'
import type { JointCounts, PckResult, PosePrediction } from '../vision/keypoints/pck.ts'
import { countPckh, MPII_JOINTS, pckh } from '../vision/keypoints/pckh.ts'
import type { ChosenCrops } from './choose-crops.ts'
import {
  imageIdOf,
  measureAveragePrecision,
  measurePrecisionParts,
  toDetections,
} from './pose-average-precision.ts'
import type { AnsweredPose, CropOfPerson, PrecisionQuestion } from './pose-average-precision.ts'
import { PCK_THRESHOLD } from './pose-task.ts'
import { chunkCrops, decodeChunk } from './predict-pose.ts'
import type { PoseGeometry, PredictedPose } from './predict-pose.ts'
import { ratioResults } from './picture-results.ts'
import type { Pictures } from './pictures.ts'
import type { PreparedCrop } from '../datasets/prepared-crops.ts'
import { scoringSetOf } from './score-chunks.ts'
import type { ScoreResult, ScoringSet } from './task.ts'

/** How poses are scored. */
export interface PoseProtocol {
  /** The objective; the others are measured beside it where the data allow it. */
  readonly metric: PoseMetric
  readonly skeleton: Pick<Skeleton, 'joints' | 'sigmas'>
  readonly ignored: readonly IgnoredPerson[]
  /** Input width / height. */
  readonly aspect: number
  /** Persons to find where boxes come from a detector; null: the persons of the crops. */
  readonly truth: readonly PoseSample[] | null
}

export type ScoredCrop = Pick<PreparedCrop, 'sample'> & Partial<Pick<CropOfPerson, 'boxScore'>>

export function createPoseScoring(
  crops: Pictures<ScoredCrop, PreparedCrop>,
  geometry: PoseGeometry,
  protocol: PoseProtocol,
): ScoringSet {
  return scoringSetOf(crops.known.length, {
    chunks: (options) => chunkCrops(crops, geometry, options),
    openScorer(options) {
      const chunks = chunkCrops(crops, geometry, options)
      const predictions: PredictedPose[] = []
      let next = 0
      return {
        async add(kernels, outputs) {
          const chunk = elementAt(chunks, next, 'chunks of crops')
          next += 1
          predictions.push(...(await decodeChunk(kernels, chunk, outputs, geometry.skeleton)))
        },
        finish: () => scorePoses(predictions, crops.known, protocol),
      }
    },
  })
}

/** AP with its parts; with annotated boxes PCK of all and of each joint besides, and PCKh where the data have head sizes. */
export function scorePoses(
  predictions: readonly AnsweredPose[],
  crops: readonly ScoredCrop[],
  protocol: PoseProtocol,
): ScoreResult {
  const question = {
    answers: predictions,
    crops: crops.map(({ sample, boxScore = 1 }) => ({ sample, boxScore })),
    truth: protocol.truth ?? crops.map(({ sample }) => sample),
    ignored: protocol.ignored,
    sigmas: protocol.skeleton.sigmas,
    aspect: protocol.aspect,
  }
  const detections = toDetections(question)
  const { joints } = protocol.skeleton
  const metrics: Readonly<Record<string, number>> = {
    ...(protocol.truth === null ? byJoints(predictions, crops, joints) : {}),
    ...measureAveragePrecision(question, detections),
  }
  const accuracy = metrics[protocol.metric]
  if (accuracy === undefined) {
    throw new EngineError('BAD_REQUEST', describeMissing(protocol.metric))
  }
  const pictures =
    protocol.metric === 'ap'
      ? measurePrecisionParts(question, detections)
      : countByPicture(question, joints, protocol.metric)
  return { accuracy, metrics: { ...metrics, accuracy }, detections, pictures }
}

function countByPicture(
  { answers, crops }: PrecisionQuestion,
  joints: readonly string[],
  metric: Exclude<PoseMetric, 'ap'>,
): PictureResults {
  const counts =
    metric === 'pck'
      ? measurePck(answers, crops, joints).perSample
      : crops.map(({ sample: { keypoints, headSize = 0 } }, index): JointCounts => {
          const positions = answers[index]?.positions ?? []
          return countPckh({ positions, keypoints, headSize })
        })
  return ratioResults(
    crops.map(({ sample }, index) => ({
      picture: imageIdOf(sample),
      ...(counts[index] ?? { hits: 0, trials: 0 }),
    })),
  )
}

function describeMissing(metric: PoseMetric): string {
  switch (metric) {
    case 'pck':
      return 'pose.metric is pck, which needs joints named left and right shoulder and hip, and annotated boxes; choose ap.'
    case 'pckh':
      return (
        'pose.metric is pckh, which needs the head boxes and the 16 joints of MPII, and annotated boxes. The published lists have head boxes ' +
        'in annot/gt_valid.mat alone: with them set dataset.searchSplit to official; else choose ap or pck.'
      )
    case 'ap':
      return 'pose.metric is ap, which needs a falloff (sigma) for each joint.'
    default:
      return metric satisfies never
  }
}

function byJoints(
  predictions: readonly PosePrediction[],
  crops: readonly ScoredCrop[],
  joints: readonly string[],
): Readonly<Record<string, number>> {
  const heads = measurePckh(predictions, crops, joints)
  if (!hasTorso(joints)) {
    return heads
  }
  const result = measurePck(predictions, crops, joints)
  const perJoint = joints.flatMap((name, joint) => {
    const value = result.perJoint[joint]
    return value === null || value === undefined ? [] : [[`joint ${name}`, value] as const]
  })
  return {
    pck: result.accuracy,
    ...heads,
    scoredJoints: result.scoredJoints,
    skippedSamples: result.skippedSamples,
    ...Object.fromEntries(perJoint),
  }
}

/** Empty without head sizes. */
function measurePckh(
  predictions: readonly PosePrediction[],
  crops: readonly ScoredCrop[],
  joints: readonly string[],
): Readonly<Record<string, number>> {
  if (joints.length !== MPII_JOINTS) {
    return {}
  }
  const persons = crops.flatMap(({ sample: { keypoints, headSize } }, index) => {
    const positions = predictions[index]?.positions
    return headSize === undefined || positions === undefined ? [] : [{ positions, keypoints, headSize }]
  })
  const { mean } = pckh(persons)
  return mean === null ? {} : { pckh: mean }
}

/** The answer that never looks at the picture: the mean training pose, placed in each box. */
export function scoreMeanPose(
  dataset: PoseDataset,
  { crops, truth }: ChosenCrops,
  protocol: Pick<PoseProtocol, 'metric' | 'aspect'>,
): ScoreResult {
  const { joints } = dataset.skeleton
  const mean = meanPose(dataset.splits.train, joints.length)
  const confidences = new Float32Array(joints.length).fill(1)
  const predictions = crops.map(({ sample }) => ({
    positions: placeMeanPose(mean, sample.box),
    confidences,
  }))
  const { skeleton, ignored = [] } = dataset
  return scorePoses(predictions, crops, { ...protocol, skeleton, ignored, truth })
}

/** PCK of one person, or null without a torso to measure by. */
export function pckOfSample(
  prediction: PosePrediction,
  crop: Pick<PreparedCrop, 'sample'>,
  joints: readonly string[],
): number | null {
  if (!hasTorso(joints)) {
    return null
  }
  const result = measurePck([prediction], [crop], joints)
  return result.scoredJoints === 0 ? null : result.accuracy
}

/** One person under the metric of the run: PCK or PCKh of the joints, or, where the run counts AP, the person's OKS. */
export function scoreOfSample(
  prediction: AnsweredPose,
  sample: PoseSample,
  { joints, sigmas }: Pick<Skeleton, 'joints' | 'sigmas'>,
  metric: PoseMetric,
): PictureScore {
  switch (metric) {
    case 'pck':
      return { name: POSE_METRIC_NAMES.pck, value: pckOfSample(prediction, { sample }, joints) }
    case 'pckh':
      return {
        name: POSE_METRIC_NAMES.pckh,
        value: measurePckh([prediction], [{ sample }], joints)['pckh'] ?? null,
      }
    case 'ap': {
      const keypoints = Array.from(joints).flatMap((_, joint) => [
        prediction.positions[joint * 2] ?? 0,
        prediction.positions[joint * 2 + 1] ?? 0,
        0,
      ])
      const isLabelled = countLabelled(sample.keypoints) > 0
      return {
        name: 'OKS',
        value: isLabelled ? objectKeypointSimilarity({ keypoints }, sample, sigmas) : null,
      }
    }
    default:
      return metric satisfies never
  }
}

function measurePck(
  predictions: readonly PosePrediction[],
  crops: readonly Pick<PreparedCrop, 'sample'>[],
  joints: readonly string[],
): PckResult {
  return pck({
    predictions,
    truth: crops.map(({ sample }) => ({ keypoints: sample.keypoints })),
    threshold: PCK_THRESHOLD,
    torso: findTorsoJoints(joints),
    joints: joints.length,
  })
}
