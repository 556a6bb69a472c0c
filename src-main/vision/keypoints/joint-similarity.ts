import {
  countLabelledJoints,
  jointSimilarity,
  objectKeypointSimilarity,
  squaredDistance,
} from './object-keypoint-similarity.ts'
import type { DetectedPerson, TruthPerson } from './object-keypoint-similarity.ts'

/**
 * OKS joint by joint: how near each labelled joint lies in the detection that is most like its person (ours; COCO has no score of a
 * joint). A person of whose picture nothing was detected counts 0.
 *
 * @param sigmas - Falloff per joint, shape [J].
 * @returns [J], each in 0..1; null for joints that are labelled nowhere.
 */
export function similarityPerJoint(
  truth: readonly TruthPerson[],
  detections: readonly DetectedPerson[],
  sigmas: readonly number[],
): readonly (number | null)[] {
  const byImage = Map.groupBy(detections, ({ imageId }) => imageId)
  const sums = sigmas.map(() => 0)
  const counts = sigmas.map(() => 0)
  for (const person of truth) {
    if (person.isCrowd || person.isIgnored === true || countLabelledJoints(person.keypoints) === 0) {
      continue
    }
    const nearest = mostAlike(byImage.get(person.imageId) ?? [], person, sigmas)
    for (const [joint, sigma] of sigmas.entries()) {
      if ((person.keypoints[joint * 3 + 2] ?? 0) <= 0) {
        continue
      }
      counts[joint] = (counts[joint] ?? 0) + 1
      if (nearest !== null) {
        const squared = squaredDistance(nearest.keypoints, person.keypoints, joint)
        sums[joint] = (sums[joint] ?? 0) + jointSimilarity(squared, sigma, person.area)
      }
    }
  }
  return sums.map((sum, joint) => ((counts[joint] ?? 0) === 0 ? null : sum / (counts[joint] ?? 1)))
}

function mostAlike(
  detections: readonly DetectedPerson[],
  person: TruthPerson,
  sigmas: readonly number[],
): DetectedPerson | null {
  let best: DetectedPerson | null = null
  let highest = -1
  for (const detection of detections) {
    const similarity = objectKeypointSimilarity(detection, person, sigmas)
    if (similarity > highest) {
      highest = similarity
      best = detection
    }
  }
  return best
}
