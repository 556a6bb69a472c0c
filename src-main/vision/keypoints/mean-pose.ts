/** A person's box in pixels and its joints, as annotated. */
export interface BoxedPose {
  readonly box: readonly [x: number, y: number, width: number, height: number]
  /** [J * 3]: x, y, visibility. */
  readonly keypoints: ArrayLike<number>
}

/**
 * Mean position of each joint relative to the box: the answer of a predictor that never looks at the picture.
 *
 * @returns [J * 2] in units of box width and height, (0, 0) the top left corner; a joint that no pose labels lies at the
 *   box centre (0.5, 0.5). Poses whose box has no area are left out.
 */
export function meanPose(poses: readonly BoxedPose[], joints: number): Float64Array {
  const sums = new Float64Array(joints * 2)
  const counts = new Float64Array(joints)
  for (const { box, keypoints } of poses) {
    const [left, top, width, height] = box
    if (width <= 0 || height <= 0) {
      continue
    }
    for (let joint = 0; joint < joints; joint++) {
      if ((keypoints[joint * 3 + 2] ?? 0) > 0) {
        counts[joint] = (counts[joint] ?? 0) + 1
        sums[joint * 2] = (sums[joint * 2] ?? 0) + ((keypoints[joint * 3] ?? 0) - left) / width
        sums[joint * 2 + 1] = (sums[joint * 2 + 1] ?? 0) + ((keypoints[joint * 3 + 1] ?? 0) - top) / height
      }
    }
  }
  return sums.map((total, index) => {
    const count = counts[index >> 1] ?? 0
    return count === 0 ? 0.5 : total / count
  })
}

/** The mean pose laid into a box: [J * 2] in pixels. */
export function placeMeanPose(mean: ArrayLike<number>, box: BoxedPose['box']): Float64Array {
  const [left, top, width, height] = box
  return Float64Array.from(mean, (value, index) =>
    index % 2 === 0 ? left + value * width : top + value * height,
  )
}
