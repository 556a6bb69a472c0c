import { EngineError } from '../../contract/index.ts'
import type { Skeleton } from '../dataset.ts'
import { SKELETONS } from '../skeletons.ts'
import type { CocoFile } from './coco-annotations.ts'

/**
 * The skeleton of an annotation file: by the joint names of its category, else by the number of joints.
 *
 * @throws EngineError DATASET if there are neither 14 nor 17 joints, or if their names show another order.
 */
export function matchSkeleton(file: CocoFile, fileName: string): Skeleton {
  const count = file.jointNames?.length ?? commonJointCount(file)
  const skeleton = SKELETONS.find((candidate) => candidate.joints.length === count)
  if (skeleton === undefined) {
    throw new EngineError(
      'DATASET',
      `${fileName}: ${String(count)} joints; allowed are 17 (COCO order) and 14 (CrowdPose order)`,
    )
  }
  const wrong =
    file.jointNames?.findIndex((name, joint) => !isSameJoint(name, skeleton.joints[joint] ?? '')) ?? -1
  if (wrong >= 0) {
    throw new EngineError(
      'DATASET',
      `${fileName}: joint ${String(wrong + 1)} is '${file.jointNames?.[wrong] ?? ''}', ` +
        `but the order of ${skeleton.name} has '${skeleton.joints[wrong] ?? ''}' there`,
      [`expected order: ${skeleton.joints.join(', ')}`],
    )
  }
  return skeleton
}

/** Left and right joints must agree by name; 'head', 'top_head' and 'top of head' are all the same. */
function isSameJoint(name: string, expected: string): boolean {
  const plain = name.replaceAll(/[_-]/g, ' ').trim().toLowerCase()
  const words = plain.split(' ')
  const isPaired = /^(left|right) /.test(expected)
  return isPaired ? plain === expected : words.includes(expected.split(' ').at(-1) ?? expected)
}

/** The most frequent number of joints of the annotations. */
function commonJointCount(file: CocoFile): number {
  const counts = new Map<number, number>()
  for (const { keypoints } of file.annotations) {
    counts.set(keypoints.length / 3, (counts.get(keypoints.length / 3) ?? 0) + 1)
  }
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? 0
}
