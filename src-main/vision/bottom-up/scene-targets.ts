import type { TaggedPersons } from './tag-loss.ts'

export interface SceneMapSize {
  readonly width: number
  readonly height: number
  readonly joints: number
}

/** [J * 3] per person: x, y in pixels of the map, visibility above 0 where labelled. */
export type MapPersons = readonly ArrayLike<number>[]

/**
 * Heat maps of everybody (method.md 9.2): a Gaussian of peak 1 on a patch of 6 sigma + 3 pixels around each labelled joint's
 * truncated position; where persons overlap, the larger value.
 *
 * @param target - [h, w, J] from `offset` on; zero before.
 */
export function drawSceneHeatmaps(
  target: Float32Array,
  offset: number,
  { width, height, joints }: SceneMapSize,
  persons: MapPersons,
  sigma: number,
): void {
  const reach = 3 * sigma + 1
  for (const person of persons) {
    for (let joint = 0; joint < joints; joint++) {
      const pixel = pixelOf(person, joint, width, height)
      if (pixel === null) {
        continue
      }
      const [x, y] = pixel
      const [left, top] = [Math.max(0, Math.round(x - reach)), Math.max(0, Math.round(y - reach))]
      const right = Math.min(width - 1, Math.round(x + reach))
      const bottom = Math.min(height - 1, Math.round(y + reach))
      for (let row = top; row <= bottom; row++) {
        for (let column = left; column <= right; column++) {
          const value = Math.exp(-((column - x) ** 2 + (row - y) ** 2) / (2 * sigma * sigma))
          const at = offset + (row * width + column) * joints + joint
          target[at] = Math.max(target[at] ?? 0, value)
        }
      }
    }
  }
}

/**
 * Where each person's tags are read: flat indices (y · w + x) · J + joint of the labelled joints inside the map, at most `most`
 * persons (method.md 9.2: 30).
 */
export function listTaggedPersons(
  { width, height, joints }: SceneMapSize,
  persons: MapPersons,
  most: number,
): TaggedPersons {
  return persons
    .map((person) =>
      Array.from({ length: joints }, (_, joint) => joint).flatMap((joint) => {
        const pixel = pixelOf(person, joint, width, height)
        return pixel === null ? [] : [(pixel[1] * width + pixel[0]) * joints + joint]
      }),
    )
    .filter((found) => found.length > 0)
    .slice(0, most)
}

/** The joint's truncated position, or null if it is unlabelled or outside. Truncation is toward 0, as published. */
function pixelOf(
  person: ArrayLike<number>,
  joint: number,
  width: number,
  height: number,
): readonly [x: number, y: number] | null {
  if ((person[joint * 3 + 2] ?? 0) <= 0) {
    return null
  }
  // Adding 0 makes -0 of a truncation plain.
  const x = Math.trunc(person[joint * 3] ?? Number.NaN) + 0
  const y = Math.trunc(person[joint * 3 + 1] ?? Number.NaN) + 0
  return x >= 0 && y >= 0 && x < width && y < height ? [x, y] : null
}
