/** Network input pixels to one heat-map pixel. */
export const HEATMAP_STRIDE = 4
/** method.md 11.1: the Gaussian shrinks with the heat map, never below one pixel. */
const HEIGHT_PER_SIGMA = 32

/** Deviation of the target Gaussian in heat-map pixels; the configured value, else max(1, heat-map height / 32). */
export function heatmapSigma(sigma: number | null, inputHeight: number): number {
  return sigma ?? Math.max(1, inputHeight / HEATMAP_STRIDE / HEIGHT_PER_SIGMA)
}

export interface HeatmapTarget {
  /** [height, width, J] from `offset` on; must be zero before. */
  readonly values: Float32Array
  readonly offset: number
  readonly width: number
  readonly height: number
  readonly joints: number
}

/**
 * Draws the Gaussian of one joint, peak 1, on a patch of 3 sigma around mu = trunc(x / 4 + 0.5) clipped at the border
 * (method.md 5.5 step 4).
 *
 * @param x - Joint in network input pixels; `y` likewise.
 * @returns The weight: 0 if the patch misses the map (which then stays empty), else 1.
 */
export function drawJointTarget(
  target: HeatmapTarget,
  joint: number,
  x: number,
  y: number,
  sigma: number,
): 0 | 1 {
  const centreX = Math.trunc(x / HEATMAP_STRIDE + 0.5)
  const centreY = Math.trunc(y / HEATMAP_STRIDE + 0.5)
  const radius = Math.ceil(3 * sigma)
  const left = centreX - radius
  const top = centreY - radius
  // As the published code: the far corner is exclusive yet compared with 0, so a patch that ends at -1 still counts.
  if (left >= target.width || top >= target.height || centreX + radius + 1 < 0 || centreY + radius + 1 < 0) {
    return 0
  }
  const lastColumn = Math.min(target.width - 1, centreX + radius)
  const lastRow = Math.min(target.height - 1, centreY + radius)
  for (let row = Math.max(0, top); row <= lastRow; row++) {
    for (let column = Math.max(0, left); column <= lastColumn; column++) {
      const squared = (column - centreX) ** 2 + (row - centreY) ** 2
      const at = target.offset + (row * target.width + column) * target.joints + joint
      target.values[at] = Math.exp(-squared / (2 * sigma * sigma))
    }
  }
  return 1
}
