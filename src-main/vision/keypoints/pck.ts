/** Predicted or true joints of one person in image pixels. */
export interface PosePrediction {
  /** [J * 2]: x, y. */
  readonly positions: ArrayLike<number>
}

export interface PoseTruth {
  /** [J * 3]: x, y, visibility; visibility 0 is not scored. */
  readonly keypoints: ArrayLike<number>
}

/** Joint indices whose distance is the size of a torso: left shoulder to right hip, else the other diagonal. */
export interface TorsoJoints {
  readonly leftShoulder: number
  readonly rightShoulder: number
  readonly leftHip: number
  readonly rightHip: number
}

export interface PckOptions {
  readonly predictions: readonly PosePrediction[]
  readonly truth: readonly PoseTruth[]
  /** Share of the torso within which a joint is correct, for example 0.2. */
  readonly threshold: number
  readonly torso: TorsoJoints
  readonly joints: number
}

export interface PckResult {
  /** Correct labelled joints over labelled joints, 0..1; 0 if nothing could be scored. */
  readonly accuracy: number
  /** [J]: the same of one joint; null for a joint that was never labelled. */
  readonly perJoint: readonly (number | null)[]
  readonly scoredJoints: number
  readonly scoredSamples: number
  /** Samples without both ends of either diagonal: they have no size and are left out. */
  readonly skippedSamples: number
  /** One for each sample, whose sums make the accuracy. */
  readonly perSample: readonly JointCounts[]
}

/** Of one sample. */
export interface JointCounts {
  /** Joints that were found. */
  readonly hits: number
  /** Joints that count. */
  readonly trials: number
}

/**
 * Percentage of correct keypoints with the torso diagonal as reference: a joint is correct within threshold x torso
 * (Yang & Ramanan 2013, as used on Leeds Sports Pose).
 *
 * @throws RangeError if the numbers of predictions and truths differ.
 */
export function pck(options: PckOptions): PckResult {
  const { predictions, truth, joints } = options
  if (predictions.length !== truth.length) {
    throw new RangeError(`pck: ${String(predictions.length)} predictions for ${String(truth.length)} truths`)
  }
  const correct = new Float64Array(joints)
  const labelled = new Float64Array(joints)
  let skippedSamples = 0
  const perSample = truth.map(({ keypoints }, index): JointCounts => {
    const torso = torsoSize(keypoints, options.torso)
    const positions = predictions[index]?.positions
    const counts = { hits: 0, trials: 0 }
    if (torso === null || positions === undefined) {
      skippedSamples++
      return counts
    }
    for (let joint = 0; joint < joints; joint++) {
      if ((keypoints[joint * 3 + 2] ?? 0) <= 0) {
        continue
      }
      const distance = Math.hypot(
        (positions[joint * 2] ?? 0) - (keypoints[joint * 3] ?? 0),
        (positions[joint * 2 + 1] ?? 0) - (keypoints[joint * 3 + 1] ?? 0),
      )
      const hit = distance <= options.threshold * torso ? 1 : 0
      labelled[joint] = (labelled[joint] ?? 0) + 1
      correct[joint] = (correct[joint] ?? 0) + hit
      counts.trials += 1
      counts.hits += hit
    }
    return counts
  })
  const scoredJoints = sum(labelled)
  return {
    accuracy: scoredJoints === 0 ? 0 : sum(correct) / scoredJoints,
    perJoint: Array.from(labelled, (count, joint) => (count === 0 ? null : (correct[joint] ?? 0) / count)),
    scoredJoints,
    scoredSamples: truth.length - skippedSamples,
    skippedSamples,
    perSample,
  }
}

/** Length of a torso diagonal in pixels; null if neither diagonal is labelled or both ends fall together. */
export function torsoSize(keypoints: ArrayLike<number>, torso: TorsoJoints): number | null {
  return (
    labelledDistance(keypoints, torso.leftShoulder, torso.rightHip) ??
    labelledDistance(keypoints, torso.rightShoulder, torso.leftHip)
  )
}

/** Whether {@link findTorsoJoints} finds all four. */
export function hasTorso(names: readonly string[]): boolean {
  const plain = names.map((name) => name.replaceAll('_', ' ').toLowerCase())
  return ['left shoulder', 'right shoulder', 'left hip', 'right hip'].every((name) => plain.includes(name))
}

/**
 * Torso joints by name: `left shoulder`, `right hip` and so on, spaces or underscores.
 *
 * @throws RangeError if one of the four is not there.
 */
export function findTorsoJoints(names: readonly string[]): TorsoJoints {
  const find = (name: string): number => {
    const index = names.findIndex((candidate) => candidate.replaceAll('_', ' ').toLowerCase() === name)
    if (index < 0) {
      throw new RangeError(`findTorsoJoints: no joint '${name}' in: ${names.join(', ')}`)
    }
    return index
  }
  return {
    leftShoulder: find('left shoulder'),
    rightShoulder: find('right shoulder'),
    leftHip: find('left hip'),
    rightHip: find('right hip'),
  }
}

function labelledDistance(keypoints: ArrayLike<number>, from: number, to: number): number | null {
  if ((keypoints[from * 3 + 2] ?? 0) <= 0 || (keypoints[to * 3 + 2] ?? 0) <= 0) {
    return null
  }
  const distance = Math.hypot(
    (keypoints[from * 3] ?? 0) - (keypoints[to * 3] ?? 0),
    (keypoints[from * 3 + 1] ?? 0) - (keypoints[to * 3 + 1] ?? 0),
  )
  return distance > 0 ? distance : null
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0)
}
