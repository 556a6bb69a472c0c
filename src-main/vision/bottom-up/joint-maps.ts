/** What a bottom-up network says of one picture, plane by plane, at one resolution (method.md 9.4). */
export interface JointMaps {
  readonly joints: number
  readonly height: number
  readonly width: number
  /** [J, h, w]: likelihood of each joint. */
  readonly heat: Float32Array
  /** [J, h, w, T]: equal for joints of one person; T is 1, or 2 with the mirrored picture. */
  readonly tags: Float32Array
  readonly tagSize: number
}

/** Tag vector of a joint at a pixel, shape [T]. */
export function tagAt(
  { height, width, tags, tagSize }: JointMaps,
  joint: number,
  x: number,
  y: number,
): number[] {
  const start = ((joint * height + y) * width + x) * tagSize
  return Array.from(tags.subarray(start, start + tagSize))
}

/** Heat of a joint at a pixel; coordinates are clamped to the map. */
export function heatAt({ height, width, heat }: JointMaps, joint: number, x: number, y: number): number {
  const column = Math.min(Math.max(x, 0), width - 1)
  const row = Math.min(Math.max(y, 0), height - 1)
  return heat[(joint * height + row) * width + column] ?? Number.NaN
}
