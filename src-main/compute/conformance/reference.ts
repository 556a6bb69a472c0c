/**
 * The primitives as plain float64 loops, for checking backends. Slow on purpose: nothing clever, one formula each.
 * Layout N, H, W, C; kernels kh, kw, in, out.
 */
export type Shape4 = readonly [n: number, h: number, w: number, c: number]
export type KernelShape = readonly [kh: number, kw: number, input: number, output: number]

export interface ConvCase {
  readonly x: Float64Array
  readonly xShape: Shape4
  readonly w: Float64Array
  readonly wShape: KernelShape
  readonly stride: number
}

export function convOutputShape(xShape: Shape4, wShape: KernelShape, stride: number): Shape4 {
  const [n, h, w] = xShape
  return [n, Math.floor((h - 1) / stride) + 1, Math.floor((w - 1) / stride) + 1, wShape[3]]
}

/** Visits every (x index, w index, y index) triple of a convolution with PyTorch padding. */
function forEachTap(c: Omit<ConvCase, 'x' | 'w'>, visit: (x: number, w: number, y: number) => void): void {
  const [n, h, w, ci] = c.xShape
  const [kh, kw, , co] = c.wShape
  const [, oh, ow] = convOutputShape(c.xShape, c.wShape, c.stride)
  const pad = kh === 1 ? 0 : 1
  for (let b = 0; b < n; b++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        for (let ky = 0; ky < kh; ky++) {
          for (let kx = 0; kx < kw; kx++) {
            const iy = oy * c.stride + ky - pad
            const ix = ox * c.stride + kx - pad
            if (iy < 0 || iy >= h || ix < 0 || ix >= w) {
              continue
            }
            for (let i = 0; i < ci; i++) {
              for (let o = 0; o < co; o++) {
                visit(
                  ((b * h + iy) * w + ix) * ci + i,
                  ((ky * kw + kx) * ci + i) * co + o,
                  ((b * oh + oy) * ow + ox) * co + o,
                )
              }
            }
          }
        }
      }
    }
  }
}

export function conv2d(c: ConvCase): Float64Array {
  const y = new Float64Array(convOutputShape(c.xShape, c.wShape, c.stride).reduce((a, b) => a * b, 1))
  forEachTap(c, (xi, wi, yi) => {
    y[yi] = at(y, yi) + at(c.x, xi) * at(c.w, wi)
  })
  return y
}

export function conv2dGradients(c: ConvCase, dy: Float64Array): { dx: Float64Array; dw: Float64Array } {
  const dx = new Float64Array(c.x.length)
  const dw = new Float64Array(c.w.length)
  forEachTap(c, (xi, wi, yi) => {
    dx[xi] = at(dx, xi) + at(dy, yi) * at(c.w, wi)
    dw[wi] = at(dw, wi) + at(dy, yi) * at(c.x, xi)
  })
  return { dx, dw }
}

export interface NormResult {
  readonly y: Float64Array
  readonly mean: Float64Array
  /** Biased. */
  readonly variance: Float64Array
}

export function batchNorm(
  x: Float64Array,
  gamma: Float64Array,
  beta: Float64Array,
  epsilon: number,
): NormResult {
  const c = gamma.length
  const m = x.length / c
  const mean = new Float64Array(c)
  const variance = new Float64Array(c)
  x.forEach((value, i) => (mean[i % c] = at(mean, i % c) + value / m))
  x.forEach((value, i) => (variance[i % c] = at(variance, i % c) + (value - at(mean, i % c)) ** 2 / m))
  const y = x.map((value, i) => {
    const k = i % c
    return ((value - at(mean, k)) / Math.sqrt(at(variance, k) + epsilon)) * at(gamma, k) + at(beta, k)
  })
  return { y, mean, variance }
}

/** Gradient of batch norm with batch statistics (Ioffe & Szegedy 2015, section 3). */
export function batchNormGradients(
  x: Float64Array,
  gamma: Float64Array,
  dy: Float64Array,
  epsilon: number,
): { dx: Float64Array; dGamma: Float64Array; dBeta: Float64Array } {
  const c = gamma.length
  const m = x.length / c
  const { mean, variance } = batchNorm(x, gamma, new Float64Array(c), epsilon)
  const hat = x.map((value, i) => (value - at(mean, i % c)) / Math.sqrt(at(variance, i % c) + epsilon))
  const dGamma = new Float64Array(c)
  const dBeta = new Float64Array(c)
  dy.forEach((value, i) => {
    dGamma[i % c] = at(dGamma, i % c) + value * at(hat, i)
    dBeta[i % c] = at(dBeta, i % c) + value
  })
  const dx = x.map((_, i) => {
    const k = i % c
    const scale = at(gamma, k) / Math.sqrt(at(variance, k) + epsilon)
    return scale * (at(dy, i) - at(dBeta, k) / m - (at(hat, i) * at(dGamma, k)) / m)
  })
  return { dx, dGamma, dBeta }
}

/** Bilinear resize with half-pixel centres and clamped edges; visits (source index, target index, weight). */
export function forEachBilinearTap(
  [n, h, w, c]: Shape4,
  height: number,
  width: number,
  visit: (source: number, target: number, weight: number) => void,
): void {
  const axis = (out: number, input: number, output: number): readonly (readonly [number, number])[] => {
    const position = Math.min(Math.max(((out + 0.5) * input) / output - 0.5, 0), input - 1)
    const low = Math.floor(position)
    const high = Math.min(low + 1, input - 1)
    return [
      [low, 1 - (position - low)],
      [high, position - low],
    ]
  }
  for (let b = 0; b < n; b++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (const [sy, wy] of axis(y, h, height)) {
          for (const [sx, wx] of axis(x, w, width)) {
            for (let k = 0; k < c; k++) {
              visit(((b * h + sy) * w + sx) * c + k, ((b * height + y) * width + x) * c + k, wy * wx)
            }
          }
        }
      }
    }
  }
}

export function resizeBilinear(x: Float64Array, shape: Shape4, height: number, width: number): Float64Array {
  const y = new Float64Array(shape[0] * height * width * shape[3])
  forEachBilinearTap(shape, height, width, (s, t, weight) => (y[t] = at(y, t) + at(x, s) * weight))
  return y
}

export function resizeBilinearGradient(
  dy: Float64Array,
  shape: Shape4,
  height: number,
  width: number,
): Float64Array {
  const dx = new Float64Array(shape.reduce((a, b) => a * b, 1))
  forEachBilinearTap(shape, height, width, (s, t, weight) => (dx[s] = at(dx, s) + at(dy, t) * weight))
  return dx
}

/** Index in x of the pixel that nearest up-sampling copies into flat target index i. */
export function nearestSource(i: number, [, h, w, c]: Shape4, factor: number): number {
  const k = i % c
  const x = Math.floor(i / c) % (w * factor)
  const y = Math.floor(i / (c * w * factor)) % (h * factor)
  const b = Math.floor(i / (c * w * factor * h * factor))
  return ((b * h + Math.floor(y / factor)) * w + Math.floor(x / factor)) * c + k
}

export function at(values: ArrayLike<number>, i: number): number {
  const value = values[i]
  if (value === undefined) {
    throw new RangeError(`index ${i} is outside 0..${values.length - 1}`)
  }
  return value
}
