import type { Skeleton } from './dataset.ts'

/** Order, pairs and sigmas of CrowdPose's 14 joints (method.md 5.5 and 6.4); the halves are ours. */
export const CROWDPOSE_14: Skeleton = {
  name: 'crowdpose14',
  joints: [
    'left shoulder',
    'right shoulder',
    'left elbow',
    'right elbow',
    'left wrist',
    'right wrist',
    'left hip',
    'right hip',
    'left knee',
    'right knee',
    'left ankle',
    'right ankle',
    'top of head',
    'neck',
  ],
  edges: [
    [12, 13],
    [13, 0],
    [13, 1],
    [0, 2],
    [2, 4],
    [1, 3],
    [3, 5],
    [0, 6],
    [1, 7],
    [6, 7],
    [6, 8],
    [8, 10],
    [7, 9],
    [9, 11],
  ],
  flipPairs: [
    [0, 1],
    [2, 3],
    [4, 5],
    [6, 7],
    [8, 9],
    [10, 11],
  ],
  sides: [...pairedSides(6), 'centre', 'centre'],
  sigmas: [0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089, 0.079, 0.079],
  upperJoints: [0, 1, 2, 3, 4, 5, 12, 13],
  lowerJoints: [6, 7, 8, 9, 10, 11],
}

/** Order, pairs, edges and sigmas of COCO's 17 joints (method.md 5.5 and 6.4). */
export const COCO_17: Skeleton = {
  name: 'coco17',
  joints: [
    'nose',
    'left eye',
    'right eye',
    'left ear',
    'right ear',
    'left shoulder',
    'right shoulder',
    'left elbow',
    'right elbow',
    'left wrist',
    'right wrist',
    'left hip',
    'right hip',
    'left knee',
    'right knee',
    'left ankle',
    'right ankle',
  ],
  edges: [
    [15, 13],
    [13, 11],
    [16, 14],
    [14, 12],
    [11, 12],
    [5, 11],
    [6, 12],
    [5, 6],
    [5, 7],
    [6, 8],
    [7, 9],
    [8, 10],
    [1, 2],
    [0, 1],
    [0, 2],
    [1, 3],
    [2, 4],
    [3, 5],
    [4, 6],
  ],
  flipPairs: [
    [1, 2],
    [3, 4],
    [5, 6],
    [7, 8],
    [9, 10],
    [11, 12],
    [13, 14],
    [15, 16],
  ],
  sides: ['centre', ...pairedSides(8)],
  sigmas: [
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087,
    0.089, 0.089,
  ],
  upperJoints: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  lowerJoints: [11, 12, 13, 14, 15, 16],
}

export const SKELETONS: readonly Skeleton[] = [CROWDPOSE_14, COCO_17]

/** left, right, left, right, … as both joint orders have it. */
function pairedSides(pairs: number): ('left' | 'right')[] {
  return Array.from({ length: pairs * 2 }, (_, index) => (index % 2 === 0 ? 'left' : 'right'))
}
