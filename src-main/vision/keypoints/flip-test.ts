import { checkHeatmaps, type Heatmaps } from './decode-heatmaps.ts'

export interface FlipTestOptions {
  /** Joint that each joint becomes in a mirrored picture, shape [J]. */
  readonly partners: readonly number[]
  /** Move the un-mirrored maps right by one column, column 0 staying (method.md 6.2 step 2); default true. */
  readonly shift?: boolean
}

/**
 * Mean of the maps of a crop and of the maps of the mirrored crop, un-mirrored: columns reversed, left and right joints
 * exchanged, then shifted right by one pixel.
 *
 * @param heatmaps - [N, h, w, J] of the crops.
 * @param mirrored - [N, h, w, J] of the mirrored crops, as the network gave them.
 * @returns [N, h, w, J].
 * @throws RangeError if shapes or the number of partners differ.
 */
export function averageFlipTest(
  heatmaps: Heatmaps,
  mirrored: Heatmaps,
  options: FlipTestOptions,
): Float32Array {
  checkHeatmaps(heatmaps)
  checkHeatmaps(mirrored)
  const { width, joints } = heatmaps
  if (
    mirrored.values.length !== heatmaps.values.length ||
    mirrored.width !== width ||
    mirrored.joints !== joints
  ) {
    throw new RangeError('averageFlipTest: both heat maps must have the same shape')
  }
  if (options.partners.length !== joints) {
    throw new RangeError(
      `averageFlipTest: ${String(options.partners.length)} partners for ${String(joints)} joints`,
    )
  }
  const shift = (options.shift ?? true) ? 1 : 0
  const averaged = new Float32Array(heatmaps.values.length)
  const rows = heatmaps.samples * heatmaps.height
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const unshifted = column === 0 ? 0 : column - shift
      const from = (row * width + width - 1 - unshifted) * joints
      const to = (row * width + column) * joints
      for (let joint = 0; joint < joints; joint++) {
        const other = mirrored.values[from + (options.partners[joint] ?? joint)] ?? 0
        averaged[to + joint] = ((heatmaps.values[to + joint] ?? 0) + other) / 2
      }
    }
  }
  return averaged
}
