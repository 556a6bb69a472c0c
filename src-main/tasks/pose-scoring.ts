import type { PoseDataset } from '../datasets/dataset.ts'
import { elementAt } from '../nas/element-at.ts'
import { meanPose, placeMeanPose } from '../vision/keypoints/mean-pose.ts'
import { findTorsoJoints, pck } from '../vision/keypoints/pck.ts'
import type { PckResult, PosePrediction } from '../vision/keypoints/pck.ts'
import { PCK_THRESHOLD } from './pose-task.ts'
import { chunkCrops, decodeChunk } from './predict-pose.ts'
import type { PoseGeometry, PredictedPose } from './predict-pose.ts'
import type { PreparedCrop } from './prepared-crops.ts'
import { scoringSetOf } from './score-chunks.ts'
import type { ScoreResult, ScoringSet } from './task.ts'

export function createPoseScoring(crops: readonly PreparedCrop[], geometry: PoseGeometry): ScoringSet {
  return scoringSetOf(crops.length, {
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
        finish: () => scorePoses(predictions, crops, geometry.skeleton.joints),
      }
    },
  })
}

/** PCK@0.2 of the torso over all labelled joints, and the same of each joint. */
export function scorePoses(
  predictions: readonly PosePrediction[],
  crops: readonly Pick<PreparedCrop, 'sample'>[],
  joints: readonly string[],
): ScoreResult {
  const result = measurePck(predictions, crops, joints)
  const perJoint = joints.flatMap((name, joint) => {
    const value = result.perJoint[joint]
    return value === null || value === undefined ? [] : [[`joint ${name}`, value] as const]
  })
  return {
    accuracy: result.accuracy,
    metrics: {
      pck: result.accuracy,
      scoredJoints: result.scoredJoints,
      skippedSamples: result.skippedSamples,
      ...Object.fromEntries(perJoint),
    },
  }
}

/** The answer that never looks at the picture: the mean training pose, placed in each box. */
export function scoreMeanPose(
  dataset: PoseDataset,
  crops: readonly Pick<PreparedCrop, 'sample'>[],
): ScoreResult {
  const { joints } = dataset.skeleton
  const mean = meanPose(dataset.splits.train, joints.length)
  const predictions = crops.map(({ sample }) => ({ positions: placeMeanPose(mean, sample.box) }))
  return scorePoses(predictions, crops, joints)
}

/** PCK of one person, or null without a torso to measure by. */
export function pckOfSample(
  prediction: PosePrediction,
  crop: Pick<PreparedCrop, 'sample'>,
  joints: readonly string[],
): number | null {
  const result = measurePck([prediction], [crop], joints)
  return result.scoredJoints === 0 ? null : result.accuracy
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
