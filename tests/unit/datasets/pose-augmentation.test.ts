import { describe, expect, it } from 'vitest'
import type { PoseTaskConfig } from '../../../src-main/contract/index.ts'
import type { PoseSample } from '../../../src-main/datasets/dataset.ts'
import { drawPoseAugmentation } from '../../../src-main/datasets/pose-augmentation.ts'
import { CROWDPOSE_14 } from '../../../src-main/datasets/skeletons.ts'
import { scriptedRandom } from './scripted-random.ts'

const config: PoseTaskConfig = {
  sigma: null,
  augment: true,
  halfBodyProbability: 0.3,
  scaleFactor: 0.35,
  rotationFactor: 45,
  rotationProbability: 0.6,
  flipProbability: 0.5,
}

function sampleWith(labelled: readonly number[]): PoseSample {
  const keypoints = new Float32Array(14 * 3)
  for (const joint of labelled) {
    keypoints.set([10 + joint, 20 + 2 * joint, 2], joint * 3)
  }
  return {
    id: 's',
    imageKey: 's',
    imageWidth: 99,
    imageHeight: 99,
    box: [5, 5, 50, 60],
    keypoints,
    area: 900,
  }
}

const everyJoint = Array.from({ length: 14 }, (_, joint) => joint)

describe('drawPoseAugmentation', () => {
  it('draws half body, scale, rotation, flip in this order', () => {
    const random = scriptedRandom([
      ['next', 0.29],
      ['normal', 0.4],
      ['normal', 1],
      ['next', 0.59],
      ['normal', -1],
      ['next', 0.49],
    ])
    expect(drawPoseAugmentation(random, sampleWith(everyJoint), CROWDPOSE_14, config)).toEqual({
      halfBody: 'upper',
      scaleFactor: 1.35,
      rotationDegrees: -45,
      isFlipped: true,
    })
    expect(random.left()).toBe(0)
  })

  it('draws nothing for the half body with 8 labelled joints, and no angle when there is no rotation', () => {
    const random = scriptedRandom([
      ['normal', 0],
      ['next', 0.6],
      ['next', 0.5],
    ])
    expect(drawPoseAugmentation(random, sampleWith(everyJoint.slice(0, 8)), CROWDPOSE_14, config)).toEqual({
      halfBody: null,
      scaleFactor: 1,
      rotationDegrees: 0,
      isFlipped: false,
    })
    expect(random.left()).toBe(0)
  })

  it.each([
    [0.5, everyJoint, 'lower'],
    [0.4, [6, 7, 8, 9, 10, 11, 0, 1, 13], 'upper'],
    [0.4, [6, 7, 8, 9, 10, 11, 0, 1], null],
    [0.6, [0, 1, 2, 3, 4, 5, 12, 13, 6], 'upper'],
  ] as const)('normal %f with joints %j takes %s', (normal, joints, half) => {
    const hasHalf = joints.length > 8
    const random = scriptedRandom([
      ...(hasHalf
        ? ([
            ['next', 0],
            ['normal', normal],
          ] as const)
        : []),
      ['normal', 0],
      ['next', 0.9],
      ['next', 0.9],
    ])
    expect(drawPoseAugmentation(random, sampleWith(joints), CROWDPOSE_14, config).halfBody).toBe(half)
  })

  it('clips scale to 0.65..1.35 and rotation to 90 degrees', () => {
    const random = scriptedRandom([
      ['next', 0.9],
      ['normal', -5],
      ['next', 0],
      ['normal', 5],
      ['next', 0.9],
    ])
    const drawn = drawPoseAugmentation(random, sampleWith(everyJoint), CROWDPOSE_14, config)
    expect([drawn.scaleFactor, drawn.rotationDegrees]).toEqual([0.65, 90])
  })
})
