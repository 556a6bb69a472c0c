import { averageOverCategories, averagePrecision } from '../../vision/keypoints/average-precision.ts'
import type { KeypointScores } from '../../vision/keypoints/average-precision.ts'
import { crowdLevel, crowdPrecision } from '../../vision/keypoints/crowd-precision.ts'
import { jointBreakdown } from '../../vision/keypoints/joint-breakdown.ts'
import type { JointScore } from '../../vision/keypoints/joint-breakdown.ts'
import type { NamedJson } from './read-json-file.ts'
import { readKeypointDetections } from './read-keypoint-detections.ts'
import type { KeypointDetections } from './read-keypoint-detections.ts'
import { readKeypointTruth } from './read-keypoint-truth.ts'
import type { KeypointProtocol, KeypointTruth, TruthOptions } from './read-keypoint-truth.ts'
import type { Id } from './read-person.ts'

/** Names as expected by users of pycocotools; -1 where no truth counts, null where a number cannot be told. */
export type KeypointNumbers = Readonly<Record<string, number | null>>

export interface KeypointEvaluation {
  readonly protocol: KeypointProtocol
  readonly sigmas: string
  readonly areas: 'annotated' | 'box'
  readonly images: number
  readonly detections: number
  /** The ten numbers of COCO or the nine of CrowdPose, in the order in which pycocotools and xtcocotools print them. */
  readonly numbers: KeypointNumbers
  /** Easy, medium, hard before xtcocotools' rounding to 4 digits; CrowdPose only. */
  readonly unrounded: KeypointNumbers | null
  readonly scores: KeypointScores
  readonly joints: readonly (JointScore & { readonly name: string })[]
  readonly notes: readonly string[]
}

export interface EvaluateKeypointsOptions extends TruthOptions {
  readonly truth: NamedJson
  readonly detections: NamedJson
}

/**
 * COCO's key-point scores from a ground-truth file and a detections file (method.md 6.4), equal to pycocotools; with the sigmas of
 * CrowdPose or WholeBody equal to xtcocotools.
 *
 * @throws EngineError BAD_REQUEST naming file and record.
 */
export function evaluateKeypoints(options: EvaluateKeypointsOptions): KeypointEvaluation {
  const truth = readKeypointTruth(options.truth, options)
  const detections = readKeypointDetections(options.detections, truth)
  const categories = categoryOptions(truth, detections)
  const scores = averageOverCategories(categories.map(averagePrecision))
  const crowd = truth.protocol === 'crowdpose' ? crowdNumbers(categories, truth.crowdIndexOf) : null
  return {
    protocol: truth.protocol,
    sigmas: truth.sigmas.name,
    areas: options.areas ?? (truth.protocol === 'crowdpose' ? 'box' : 'annotated'),
    images: truth.imageIds.size,
    detections: detections.count,
    numbers: crowd === null ? cocoNumbers(scores) : { ...allAreaNumbers(scores), ...roundAll(crowd) },
    unrounded: crowd,
    scores,
    joints: breakdown(categories, truth),
    notes: [...truth.notes, ...detections.notes],
  }
}

type CategoryOptions = Parameters<typeof averagePrecision>[0]

function categoryOptions(truth: KeypointTruth, detections: KeypointDetections): CategoryOptions[] {
  return truth.categoryIds.map((id: Id) => ({
    truth: truth.personsOf.get(id) ?? [],
    detections: detections.detectionsOf.get(id) ?? [],
    sigmas: truth.sigmas.sigmas,
  }))
}

function cocoNumbers(scores: KeypointScores): KeypointNumbers {
  const { ap, ap50, ap75, apMedium, apLarge, ar, ar50, ar75, arMedium, arLarge } = scores
  return {
    ...{ AP: ap, AP50: ap50, AP75: ap75, APM: apMedium, APL: apLarge },
    ...{ AR: ar, AR50: ar50, AR75: ar75, ARM: arMedium, ARL: arLarge },
  }
}

function allAreaNumbers({ ap, ap50, ap75, ar, ar50, ar75 }: KeypointScores): KeypointNumbers {
  return { AP: ap, AP50: ap50, AP75: ap75, AR: ar, AR50: ar50, AR75: ar75 }
}

function crowdNumbers(
  categories: readonly CategoryOptions[],
  crowdIndexOf: ReadonlyMap<Id, number> | null,
): KeypointNumbers {
  if (crowdIndexOf === null) {
    return { AP_easy: null, AP_medium: null, AP_hard: null }
  }
  const levelOf = (id: Id): ReturnType<typeof crowdLevel> => crowdLevel(crowdIndexOf.get(id) ?? 0)
  const levels = categories.map((category) => crowdPrecision({ ...category, levelOf }))
  // The plain mean: a category without truth counts as -1, as in xtcocotools.
  const mean = (pick: (scores: (typeof levels)[number]) => number): number =>
    levels.reduce((sum, scores) => sum + pick(scores), 0) / levels.length
  return {
    AP_easy: mean(({ easy }) => easy),
    AP_medium: mean(({ medium }) => medium),
    AP_hard: mean(({ hard }) => hard),
  }
}

/** To 4 digits, halves to even, as numpy rounds what xtcocotools reports. */
function roundAll(numbers: KeypointNumbers): KeypointNumbers {
  return Object.fromEntries(
    Object.entries(numbers).map(([name, value]) => [
      name,
      value === null ? null : roundHalfEven(value * 1e4) / 1e4,
    ]),
  )
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) {
    return Math.round(value)
  }
  return floor % 2 === 0 ? floor : floor + 1
}

/** Sums over categories where there are several. */
function breakdown(
  categories: readonly CategoryOptions[],
  { jointNames }: KeypointTruth,
): KeypointEvaluation['joints'] {
  const all = categories.map(jointBreakdown)
  return jointNames.map((name, joint) => {
    const parts = all.flatMap((scores) => scores[joint] ?? [])
    const labelled = parts.reduce((sum, part) => sum + part.labelled, 0)
    const matched = parts.reduce((sum, part) => sum + part.matched, 0)
    const weigh = (pick: (part: JointScore) => number | null, by: 'labelled' | 'matched'): number | null => {
      const weight = by === 'labelled' ? labelled : matched
      return weight === 0 ? null : parts.reduce((sum, part) => sum + (pick(part) ?? 0) * part[by], 0) / weight
    }
    return {
      name,
      labelled,
      matched,
      similarity: weigh(({ similarity }) => similarity, 'matched'),
      found: weigh(({ found }) => found, 'labelled'),
    }
  })
}
