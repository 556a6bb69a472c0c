/**
 * Heat maps of N samples, layout [N, h, w, J] (NHWC): h x w heat-map pixels, J joints.
 */
export interface Heatmaps {
  readonly values: Float32Array
  readonly samples: number
  readonly height: number
  readonly width: number
  readonly joints: number
}

export interface DecodedHeatmaps {
  /** [N, J, 2]: x, y in heat-map pixels, quarter shift included. */
  readonly positions: Float32Array
  /** [N, J]: largest value of each map. */
  readonly confidences: Float32Array
}

export interface DecodeOptions {
  /** Add a quarter pixel toward the larger neighbour; default true. */
  readonly quarterShift?: boolean
}

/**
 * Joint positions of heat maps (method.md 6.2 step 3): arg-max, the first in row-major order wins; a maximum of 0 or less
 * gives (0, 0). If 1 < x < w - 1 and 1 < y < h - 1, a quarter pixel toward the larger neighbour is added on each axis.
 *
 * @throws RangeError if the array's length is not N h w J.
 */
export function decodeHeatmaps(heatmaps: Heatmaps, options: DecodeOptions = {}): DecodedHeatmaps {
  checkHeatmaps(heatmaps)
  const { samples, joints } = heatmaps
  const positions = new Float32Array(samples * joints * 2)
  const confidences = new Float32Array(samples * joints)
  for (let sample = 0; sample < samples; sample++) {
    for (let joint = 0; joint < joints; joint++) {
      const peak = findPeak(heatmaps, sample, joint)
      const at = sample * joints + joint
      confidences[at] = peak.value
      if (peak.value <= 0) {
        continue
      }
      const [shiftX, shiftY] =
        (options.quarterShift ?? true) ? quarterShift(heatmaps, sample, joint, peak) : [0, 0]
      positions[at * 2] = peak.x + shiftX
      positions[at * 2 + 1] = peak.y + shiftY
    }
  }
  return { positions, confidences }
}

/** @throws RangeError if the array's length is not N h w J. */
export function checkHeatmaps(heatmaps: Heatmaps): void {
  const { values, samples, height, width, joints } = heatmaps
  if (values.length !== samples * height * width * joints) {
    const shape = [samples, height, width, joints].join(', ')
    throw new RangeError(`heat maps: ${String(values.length)} values do not fill [${shape}]`)
  }
}

interface Peak {
  readonly x: number
  readonly y: number
  readonly value: number
}

function findPeak(heatmaps: Heatmaps, sample: number, joint: number): Peak {
  const { values, height, width, joints } = heatmaps
  const pixels = height * width
  const base = sample * pixels * joints + joint
  let best = 0
  let bestValue = -Infinity
  for (let pixel = 0; pixel < pixels; pixel++) {
    const value = values[base + pixel * joints] ?? 0
    if (value > bestValue) {
      bestValue = value
      best = pixel
    }
  }
  return { x: best % width, y: Math.floor(best / width), value: bestValue }
}

function quarterShift(
  heatmaps: Heatmaps,
  sample: number,
  joint: number,
  peak: Peak,
): readonly [number, number] {
  const { values, height, width, joints } = heatmaps
  const { x, y } = peak
  if (x <= 1 || x >= width - 1 || y <= 1 || y >= height - 1) {
    return [0, 0]
  }
  const read = (column: number, row: number): number =>
    values[((sample * height + row) * width + column) * joints + joint] ?? 0
  return [
    0.25 * Math.sign(read(x + 1, y) - read(x - 1, y)),
    0.25 * Math.sign(read(x, y + 1) - read(x, y - 1)),
  ]
}
