import { EngineError } from '../../contract/index.ts'
import type { Skeleton } from '../dataset.ts'
import { isSameJointOrder, skeletonFromNames } from '../skeleton-from-names.ts'
import { COCO_17, CROWDPOSE_14, SKELETONS } from '../skeletons.ts'
import type { CocoFile } from './coco-annotations.ts'

/**
 * The skeleton of an annotation file: a known one where the joint names agree in their order (or, without names, the number of
 * joints does), else one made of the file's own names and edges.
 *
 * @throws EngineError DATASET if the file has no joint at all.
 */
export function matchSkeleton(file: CocoFile, fileName: string): Skeleton {
  const names = file.category?.jointNames ?? null
  if (names !== null) {
    const known = SKELETONS.find((candidate) => isSameJointOrder(names, candidate.joints))
    return known ?? skeletonFromNames(names, file.category?.edges ?? [], file.category?.sigmas ?? null)
  }
  const count = commonJointCount(file)
  if (count < 1 || !Number.isInteger(count)) {
    throw new EngineError(
      'DATASET',
      `${fileName}: no joints; needs categories[].keypoints (their names) or annotations with keypoints (x, y, visibility)`,
    )
  }
  return (
    ASSUMED.find((candidate) => candidate.joints.length === count) ??
    skeletonFromNames(
      Array.from({ length: count }, (_, joint) => `joint ${String(joint + 1)}`),
      [],
      null,
    )
  )
}

/** Orders that a file of COCO's form without joint names is taken to have. */
const ASSUMED = [COCO_17, CROWDPOSE_14]

/** The most frequent number of joints of the annotations that have any. */
function commonJointCount(file: CocoFile): number {
  const counts = new Map<number, number>()
  for (const { keypoints } of file.annotations) {
    if (keypoints.length > 0) {
      counts.set(keypoints.length / 3, (counts.get(keypoints.length / 3) ?? 0) + 1)
    }
  }
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 0
}
