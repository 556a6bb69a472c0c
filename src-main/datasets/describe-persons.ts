import type { PoseSample, Skeleton, SplitName } from './dataset.ts'
import { describeSizes } from './describe-sizes.ts'
import { countLabelled } from './pose-box.ts'
import { DEFAULT_SIGMA } from './skeleton-from-names.ts'

/** Lines for a person: persons, pictures, joints, sizes, splits, and what is odd about the labels. */
export function describePersons(
  skeleton: Skeleton,
  splits: Readonly<Record<SplitName, readonly PoseSample[]>>,
): string[] {
  const all = [...splits.train, ...splits.search, ...splits.report]
  const labelled = all.reduce((sum, sample) => sum + countLabelled(sample.keypoints), 0)
  const outside = all.reduce((sum, sample) => sum + countOutside(sample), 0)
  const sizes = [...new Map(all.map((sample) => [sample.imageKey, sample])).values()]
  const part = (name: SplitName): string => `${name} ${countPersons(splits[name])}`
  return [
    countPersons(all),
    `${String(skeleton.joints.length)} joints (${skeleton.name}), ${(labelled / all.length).toFixed(1)} labelled on average, ` +
      `${labelled.toLocaleString('en-US')} in all`,
    `pictures of ${describeSizes(sizes.map(({ imageWidth, imageHeight }) => [imageWidth, imageHeight]))} pixels`,
    `${part('train')}; ${part('search')}; ${part('report')}`,
    ...(outside === 0
      ? []
      : [`${outside.toLocaleString('en-US')} labelled joints lie outside of their picture; they are kept`]),
    ...describeSigmas(skeleton),
    ...describeCrowds(all),
  ]
}

function countPersons(samples: readonly PoseSample[]): string {
  const images = new Set(samples.map((sample) => sample.imageKey)).size
  return `${samples.length.toLocaleString('en-US')} persons in ${images.toLocaleString('en-US')} images`
}

function countOutside({ keypoints, imageWidth, imageHeight }: PoseSample): number {
  let count = 0
  for (let at = 0; at < keypoints.length; at += 3) {
    const [x = 0, y = 0, visibility = 0] = keypoints.subarray(at, at + 3)
    count += visibility > 0 && (x < 0 || y < 0 || x > imageWidth || y > imageHeight) ? 1 : 0
  }
  return count
}

/** Known joint sets have published falloffs; of others it must be said where they come from. */
function describeSigmas({ name, joints, sigmas }: Skeleton): string[] {
  if (!name.startsWith('own')) {
    return []
  }
  const unknown = joints.filter((_, joint) => sigmas[joint] === DEFAULT_SIGMA)
  return unknown.length === 0
    ? ['sigmas: as stated in the file or as COCO has them']
    : [`sigmas: ${String(DEFAULT_SIGMA)}, the mean of COCO's, for ${unknown.join(', ')}`]
}

/** CrowdPose: images with crowdIndex below 0.2 are easy, below 0.8 medium (method.md 6.4). */
function describeCrowds(samples: readonly PoseSample[]): string[] {
  const byImage = new Map(samples.map(({ imageKey, crowdIndex }) => [imageKey, crowdIndex]))
  const indices = [...byImage.values()].filter((index) => index !== undefined)
  if (indices.length === 0) {
    return []
  }
  const easy = indices.filter((index) => index < 0.2).length
  const medium = indices.filter((index) => index >= 0.2 && index < 0.8).length
  const hard = indices.length - easy - medium
  return [`crowd index: ${String(easy)} easy, ${String(medium)} medium, ${String(hard)} hard images`]
}
