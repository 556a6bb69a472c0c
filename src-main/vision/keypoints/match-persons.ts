import {
  countLabelledJoints,
  objectKeypointSimilarity,
  type DetectedPerson,
  type TruthPerson,
} from './object-keypoint-similarity.ts'

/** Persons of one picture with their similarities; the same for every area range. */
export interface ImagePersons {
  readonly truth: readonly TruthPerson[]
  /** By falling score, stable, at most {@link MOST_DETECTIONS}. */
  readonly detections: readonly DetectedPerson[]
  /** similarities[detection][truth]. */
  readonly similarities: readonly (readonly number[])[]
}

export type AreaRange = readonly [least: number, most: number]

/** What became of the detections of one picture within one area range. */
export interface ImageMatches {
  readonly scores: readonly number[]
  /** truthOf[threshold][detection]: index of the truth that it took, -1 for none. */
  readonly truthOf: readonly (readonly number[])[]
  /** isMatched[threshold][detection]: matched a truth. */
  readonly isMatched: readonly (readonly boolean[])[]
  /** isIgnored[threshold][detection]: counts neither way. */
  readonly isIgnored: readonly (readonly boolean[])[]
  /** Truths that count. */
  readonly positives: number
}

/** COCO's limit of key-point detections a picture. */
export const MOST_DETECTIONS = 20

export function compareImage(
  truth: readonly TruthPerson[],
  detections: readonly DetectedPerson[],
  sigmas: readonly number[],
): ImagePersons {
  const kept = detections.toSorted((a, b) => b.score - a.score).slice(0, MOST_DETECTIONS)
  return {
    truth,
    detections: kept,
    similarities: kept.map((detection) =>
      truth.map((person) => objectKeypointSimilarity(detection, person, sigmas)),
    ),
  }
}

/**
 * Matches greedily by falling score: each detection takes the free truth of highest OKS at or above the threshold (later
 * equal ones win). A counted match is never given up for an ignored truth; crowds may be matched many times.
 *
 * Source: method.md 6.4; pycocotools `evaluateImg`.
 */
export function matchPersons(
  image: ImagePersons,
  range: AreaRange,
  thresholds: readonly number[],
): ImageMatches {
  const order = image.truth
    .map((person, index) => ({ person, index, isIgnored: isIgnoredTruth(person, range) }))
    .toSorted((a, b) => Number(a.isIgnored) - Number(b.isIgnored))
  const outside = image.detections.map(
    (detection) => !isInside(detection.area ?? extentArea(detection), range),
  )
  const truthOf: number[][] = []
  const isMatched: boolean[][] = []
  const isIgnored: boolean[][] = []
  for (const threshold of thresholds) {
    const taken = order.map(() => false)
    const matches = image.detections.map((_, detection) => {
      const match = findMatch(image.similarities[detection] ?? [], order, taken, threshold)
      if (match >= 0) {
        taken[match] = true
      }
      return match
    })
    const counts = matches.map((match) => match >= 0 && order[match]?.person.losesMatches !== true)
    truthOf.push(matches.map((match) => order[match]?.index ?? -1))
    isMatched.push(counts)
    isIgnored.push(
      matches.map(
        (match, detection) =>
          order[match]?.isIgnored === true || (counts[detection] === false && outside[detection] === true),
      ),
    )
  }
  return {
    scores: image.detections.map((detection) => detection.score),
    truthOf,
    isMatched,
    isIgnored,
    positives: order.filter((entry) => !entry.isIgnored).length,
  }
}

interface OrderedTruth {
  readonly person: TruthPerson
  readonly index: number
  readonly isIgnored: boolean
}

/** Highest similarity that still counts as a match at a threshold of 1. */
const ALMOST_ONE = 1 - 1e-10

function findMatch(
  similarities: readonly number[],
  order: readonly OrderedTruth[],
  taken: readonly boolean[],
  threshold: number,
): number {
  let best = Math.min(threshold, ALMOST_ONE)
  let match = -1
  for (const [at, { person, index, isIgnored }] of order.entries()) {
    if (taken[at] === true && !person.isCrowd) {
      continue
    }
    // Ignored ones come last: once a counted truth is found, they are no longer looked at.
    if (match >= 0 && order[match]?.isIgnored === false && isIgnored) {
      break
    }
    const similarity = similarities[index] ?? 0
    if (similarity >= best) {
      best = similarity
      match = at
    }
  }
  return match
}

/** Whether a truth counts neither way within an area range. */
export function isIgnoredTruth(person: TruthPerson, range: AreaRange): boolean {
  const isIgnored = person.isIgnored ?? (person.isCrowd || countLabelledJoints(person.keypoints) === 0)
  return isIgnored || !isInside(person.area, range)
}

function isInside(area: number, [least, most]: AreaRange): boolean {
  return area >= least && area <= most
}

/** Area of the box around all joints of a detection, square pixels. */
export function extentArea({ keypoints }: Pick<DetectedPerson, 'keypoints'>): number {
  let left = Infinity
  let right = -Infinity
  let top = Infinity
  let bottom = -Infinity
  for (let at = 0; at < keypoints.length; at += 3) {
    left = Math.min(left, keypoints[at] ?? 0)
    right = Math.max(right, keypoints[at] ?? 0)
    top = Math.min(top, keypoints[at + 1] ?? 0)
    bottom = Math.max(bottom, keypoints[at + 1] ?? 0)
  }
  return (right - left) * (bottom - top)
}
