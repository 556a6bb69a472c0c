import type { PrecisionResults } from '../contract/index.ts'
import type { IgnoredPerson, PoseSample } from '../datasets/dataset.ts'
import { croppedBox, frameBox, SCALE_UNIT } from '../datasets/pose-box.ts'
import { averagePrecision } from '../vision/keypoints/average-precision.ts'
import type { AveragePrecisionOptions } from '../vision/keypoints/average-precision.ts'
import type { DetectedPerson, TruthPerson } from '../vision/keypoints/object-keypoint-similarity.ts'
import { oksNms } from '../vision/keypoints/oks-nms.ts'
import { personScore } from '../vision/keypoints/person-score.ts'
import { crowdNumbers } from './crowd-numbers.ts'
import { precisionResults } from './picture-results.ts'

/** What a person's crop was answered with. */
export interface AnsweredPose {
  /** [J * 2]: x, y in stored image pixels. */
  readonly positions: ArrayLike<number>
  /** [J]: height of each peak. */
  readonly confidences: ArrayLike<number>
}

/** A person as COCO's result files have it. */
export interface CocoDetection {
  readonly image_id: number | string
  readonly category_id: 1
  /** [J * 3]: x, y, confidence. */
  readonly keypoints: readonly number[]
  readonly score: number
}

export interface PrecisionQuestion {
  readonly answers: readonly AnsweredPose[]
  /** The crops that were answered, in the same order. */
  readonly crops: readonly CropOfPerson[]
  /** Persons that count, of the pictures that the crops come from. */
  readonly truth: readonly PoseSample[]
  readonly ignored: readonly IgnoredPerson[]
  readonly sigmas: readonly number[]
  /** Input width / height. */
  readonly aspect: number
}

export interface CropOfPerson {
  readonly sample: PoseSample
  /** Of the detector; 1 for annotated boxes. */
  readonly boxScore: number
}

/**
 * Detections of top-down pose (method.md 6.2): person score = box score x mean of the confidences above 0.2, then OKS-NMS at 0.9 among
 * the persons of each picture, area = that of the crop.
 */
export function toDetections({ answers, crops, sigmas, aspect }: PrecisionQuestion): CocoDetection[] {
  const all = crops.flatMap(({ sample, boxScore }, index) => {
    const answer = answers[index]
    return answer === undefined ? [] : [toPose(answer, sample, boxScore, aspect)]
  })
  return [...Map.groupBy(all, ({ imageId }) => imageId)].flatMap(([imageId, poses]) =>
    oksNms(poses, sigmas).flatMap((index): CocoDetection[] => {
      const pose = poses[index]
      return pose === undefined
        ? []
        : [{ image_id: imageId, category_id: 1, keypoints: pose.keypoints, score: pose.score }]
    }),
  )
}

/** COCO's numbers of detections, by name; CrowdPose's three too where every picture says how crowded it is. */
export function measureAveragePrecision(
  question: PrecisionQuestion,
  detections: readonly CocoDetection[],
): Readonly<Record<string, number>> {
  const options = optionsOf(question, detections)
  const { ap, ap50, ap75, apMedium, apLarge, ar } = averagePrecision(options)
  const known = Object.entries({ ap50, ap75, apMedium, apLarge, ar }).filter(([, value]) => value >= 0)
  return {
    ap: Math.max(0, ap),
    ...Object.fromEntries(known),
    ...crowdNumbers(crowdIndicesOf(question), options),
  }
}

/** What that AP is made of, by picture. */
export function measurePrecisionParts(
  question: PrecisionQuestion,
  detections: readonly CocoDetection[],
): PrecisionResults {
  return precisionResults(optionsOf(question, detections), [...crowdIndicesOf(question).keys()])
}

function optionsOf(
  question: PrecisionQuestion,
  detections: readonly CocoDetection[],
): AveragePrecisionOptions {
  const truth = [...question.truth.map(toTruth), ...ignoredOf(question)]
  return { truth, detections: detections.map(toDetected), sigmas: question.sigmas }
}

export function imageIdOf({ imageId, imageKey }: Pick<PoseSample, 'imageId' | 'imageKey'>): number | string {
  return imageId ?? imageKey
}

function toPose(answer: AnsweredPose, sample: PoseSample, boxScore: number, aspect: number) {
  const { scale } = frameBox(croppedBox(sample) ?? sample.box, aspect)
  return {
    imageId: imageIdOf(sample),
    score: personScore(boxScore, answer.confidences),
    area: SCALE_UNIT * scale[0] * SCALE_UNIT * scale[1],
    keypoints: Array.from(answer.confidences).flatMap((confidence, joint) => [
      answer.positions[joint * 2] ?? 0,
      answer.positions[joint * 2 + 1] ?? 0,
      confidence,
    ]),
  }
}

function toTruth(sample: PoseSample): TruthPerson {
  const { box, keypoints, area } = sample
  return { imageId: imageIdOf(sample), keypoints, box, area, isCrowd: false }
}

function ignoredOf({ truth, crops, ignored }: PrecisionQuestion): TruthPerson[] {
  const idOf = new Map(
    [...truth, ...crops.map(({ sample }) => sample)].map((sample) => [sample.imageKey, imageIdOf(sample)]),
  )
  return ignored.flatMap(({ imageKey, ...person }) => {
    const imageId = idOf.get(imageKey)
    return imageId === undefined ? [] : [{ imageId, ...person }]
  })
}

function toDetected({ image_id, keypoints, score }: CocoDetection): DetectedPerson {
  return { imageId: image_id, keypoints, score }
}

function crowdIndicesOf({
  truth,
  crops,
}: PrecisionQuestion): ReadonlyMap<number | string, number | undefined> {
  return new Map(
    [...truth, ...crops.map(({ sample }) => sample)].map((sample) => [imageIdOf(sample), sample.crowdIndex]),
  )
}
