import { describe, expect, it } from 'vitest'
import { findTorsoJoints, pck, torsoSize } from '../../../../src-main/vision/keypoints/pck.ts'

// left shoulder, right shoulder, left hip, right hip
const torso = { leftShoulder: 0, rightShoulder: 1, leftHip: 2, rightHip: 3 }
const square = [10, 0, 2, 0, 0, 2, 10, 30, 2, 0, 40, 2]
const positionsOf = (offsets: readonly (readonly [number, number])[]) =>
  offsets.flatMap(([dx, dy], joint) => [(square[joint * 3] ?? 0) + dx, (square[joint * 3 + 1] ?? 0) + dy])

const score = (truth: readonly number[], positions: readonly number[], threshold = 0.2) =>
  pck({ predictions: [{ positions }], truth: [{ keypoints: truth }], threshold, torso, joints: 4 })

describe('pck', () => {
  it('counts a joint within threshold x distance of left shoulder to right hip, the edge included', () => {
    // Torso: hypot(10, 40) = 41.23; a fifth is 8.246.
    const edge = 0.2 * Math.hypot(10, 40)
    const result = score(
      square,
      positionsOf([
        [edge - 1e-9, 0],
        [0, edge + 1e-3],
        [5, 5],
        [9, 9],
      ]),
    )
    expect(result.perJoint).toEqual([1, 0, 1, 0])
    expect(result.accuracy).toBe(0.5)
    expect([result.scoredJoints, result.scoredSamples, result.skippedSamples]).toEqual([4, 1, 0])
  })

  it('uses the other diagonal where one end is not labelled, and leaves out a person without either', () => {
    const withoutLeft = square.with(2, 0)
    expect(torsoSize(square, torso)).toBeCloseTo(Math.hypot(10, 40), 12)
    expect(torsoSize(withoutLeft, torso)).toBeCloseTo(Math.hypot(10, 30), 12)
    expect(
      score(
        withoutLeft,
        positionsOf([
          [0, 0],
          [0, 0],
          [0, 0],
          [0, 0],
        ]),
      ).perJoint,
    ).toEqual([null, 1, 1, 1])
    const neither = withoutLeft.with(8, 0)
    const result = score(
      neither,
      positionsOf([
        [0, 0],
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
    )
    expect([result.accuracy, result.scoredJoints, result.skippedSamples]).toEqual([0, 0, 1])
  })

  it('does not change when person and prediction are moved, turned and enlarged together', () => {
    const positions = positionsOf([
      [5, 3],
      [9, 0],
      [-8, 1],
      [0, 0],
    ])
    const expected = score(square, positions).perJoint
    const turn = (x: number, y: number) => [3 * (0.6 * x - 0.8 * y) + 7, 3 * (0.8 * x + 0.6 * y) - 9] as const
    const truth = [0, 1, 2, 3].flatMap((joint) => [
      ...turn(square[joint * 3] ?? 0, square[joint * 3 + 1] ?? 0),
      2,
    ])
    const moved = [0, 1, 2, 3].flatMap((joint) => [
      ...turn(positions[joint * 2] ?? 0, positions[joint * 2 + 1] ?? 0),
    ])
    expect(score(truth, moved).perJoint).toEqual(expected)
  })

  it('refuses predictions and truths of different number', () => {
    expect(() =>
      pck({ predictions: [], truth: [{ keypoints: square }], threshold: 0.2, torso, joints: 4 }),
    ).toThrow('0 predictions for 1 truths')
  })
})

describe('findTorsoJoints', () => {
  it('finds the four by name, with spaces or underscores', () => {
    expect(findTorsoJoints(['left_hip', 'right hip', 'Left Shoulder', 'right_shoulder'])).toEqual({
      leftShoulder: 2,
      rightShoulder: 3,
      leftHip: 0,
      rightHip: 1,
    })
    expect(() => findTorsoJoints(['nose'])).toThrow("no joint 'left shoulder' in: nose")
  })
})
