import { AREA_RANGES } from './area-ranges.ts'
import { groupByImage } from './average-precision.ts'
import type { AveragePrecisionOptions } from './average-precision.ts'
import { isIgnoredTruth, matchPersons } from './match-persons.ts'
import type { ImagePersons } from './match-persons.ts'
import { jointSimilarity, squaredDistance } from './object-keypoint-similarity.ts'

/** How well one joint was found on the persons that count. */
export interface JointScore {
  /** Labelled joints of persons that count. */
  readonly labelled: number
  /** Those of persons that a detection matched at OKS 0.5. */
  readonly matched: number
  /** Mean similarity over `matched`, 0..1; null without any. */
  readonly similarity: number | null
  /** Share of `labelled` whose similarity is at least 0.5; a joint of a person nobody matched is not found. Null without any. */
  readonly found: number | null
}

const MATCH_THRESHOLD = 0.5
const FOUND_THRESHOLD = 0.5

/**
 * OKS taken apart by joint: persons are matched as for AP50 over all areas, then each labelled joint counts by itself. COCO knows
 * no such numbers; they say which joints a low AP comes from.
 *
 * @returns [J]
 */
export function jointBreakdown(options: AveragePrecisionOptions): JointScore[] {
  const joints = options.sigmas.length
  const tally: Tally = {
    labelled: new Float64Array(joints),
    matched: new Float64Array(joints),
    similarity: new Float64Array(joints),
    found: new Float64Array(joints),
  }
  for (const image of groupByImage(options)) {
    addImage(tally, image, options.sigmas)
  }
  return Array.from({ length: joints }, (_, joint) => {
    const labelled = tally.labelled[joint] ?? 0
    const matched = tally.matched[joint] ?? 0
    return {
      labelled,
      matched,
      similarity: matched === 0 ? null : (tally.similarity[joint] ?? 0) / matched,
      found: labelled === 0 ? null : (tally.found[joint] ?? 0) / labelled,
    }
  })
}

type Tally = Readonly<Record<'labelled' | 'matched' | 'similarity' | 'found', Float64Array>>

function addImage(tally: Tally, image: ImagePersons, sigmas: readonly number[]): void {
  const { truthOf } = matchPersons(image, AREA_RANGES.all, [MATCH_THRESHOLD])
  const detectionOf = new Map<number, number>()
  truthOf[0]?.forEach((truth, detection) => {
    if (truth >= 0) {
      detectionOf.set(truth, detection)
    }
  })
  for (const [index, person] of image.truth.entries()) {
    if (isIgnoredTruth(person, AREA_RANGES.all)) {
      continue
    }
    const detection = image.detections[detectionOf.get(index) ?? -1]
    for (const [joint, sigma] of sigmas.entries()) {
      if ((person.keypoints[joint * 3 + 2] ?? 0) <= 0) {
        continue
      }
      add(tally.labelled, joint, 1)
      if (detection !== undefined) {
        const squared = squaredDistance(detection.keypoints, person.keypoints, joint)
        const similarity = jointSimilarity(squared, sigma, person.area)
        add(tally.matched, joint, 1)
        add(tally.similarity, joint, similarity)
        add(tally.found, joint, similarity >= FOUND_THRESHOLD ? 1 : 0)
      }
    }
  }
}

function add(sums: Float64Array, at: number, value: number): void {
  sums[at] = (sums[at] ?? 0) + value
}
