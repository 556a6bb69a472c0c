import type { RandomSource } from '../../vision/random-source.ts'
import { sampleRandom } from '../sample-random.ts'

export type Rgb = readonly [red: number, green: number, blue: number]

/** Writes the colour of a pixel, 0..255 a channel, to `color`. */
export type Paint = (x: number, y: number, color: Float32Array) => void

export function plainPaint(rgb: Rgb): Paint {
  return (_x, _y, color) => {
    color[0] = rgb[0]
    color[1] = rgb[1]
    color[2] = rgb[2]
  }
}

export interface NoiseOptions {
  /** Pixels between two independent values of the coarsest layer. */
  readonly period: number
  /** Grey levels from the middle to either extreme. */
  readonly amplitude: number
  readonly seed: number
}

/** A colour with blotches at two scales. */
export function noisyPaint(rgb: Rgb, { period, amplitude, seed }: NoiseOptions): Paint {
  return (x, y, color) => {
    const coarse = smoothNoise(x / period, y / period, seed)
    const fine = smoothNoise((x * 3.1) / period, (y * 3.1) / period, seed + 1)
    const offset = amplitude * (1.3 * coarse + 0.7 * fine - 1)
    color[0] = rgb[0] + offset
    color[1] = rgb[1] + offset
    color[2] = rgb[2] + offset
  }
}

/** Two paints in stripes of `period` pixels along `angle` radians. */
export function stripedPaint(first: Paint, second: Paint, period: number, angle: number): Paint {
  const stepX = Math.cos(angle) / period
  const stepY = Math.sin(angle) / period
  return (x, y, color) => {
    const phase = x * stepX + y * stepY
    const paint = phase - Math.floor(phase) < 0.5 ? first : second
    paint(x, y, color)
  }
}

/** A colour that runs to another from top to bottom between two rows. */
export function gradientPaint(top: Rgb, bottom: Rgb, firstRow: number, lastRow: number): Paint {
  return (_x, y, color) => {
    const share = Math.min(1, Math.max(0, (y - firstRow) / Math.max(1, lastRow - firstRow)))
    for (let channel = 0; channel < 3; channel++) {
      const from = top[channel] ?? 0
      color[channel] = from + share * ((bottom[channel] ?? 0) - from)
    }
  }
}

/** A colour of that hue (0..1), saturation and brightness (0..1). Standard HSV. */
export function hsv(hue: number, saturation: number, brightness: number): Rgb {
  const channel = (offset: number): number => {
    const position = (offset + hue * 6) % 6
    const part = Math.max(0, Math.min(position, 4 - position, 1))
    return 255 * brightness * (1 - saturation * part)
  }
  return [channel(5), channel(3), channel(1)]
}

export function randomColor(random: RandomSource, mostSaturation = 0.8): Rgb {
  return hsv(random.next(), random.next() * mostSaturation, 0.15 + 0.8 * random.next())
}

/** A skin tone from light to dark. */
export function randomSkin(random: RandomSource): Rgb {
  return hsv(0.04 + 0.05 * random.next(), 0.25 + 0.35 * random.next(), 0.35 + 0.6 * random.next())
}

/** Plain, blotchy, striped or checked, in a random colour. */
export function randomTexture(random: RandomSource, size: number, mostSaturation = 0.8): Paint {
  const first = texturedColor(random, randomColor(random, mostSaturation), size)
  if (random.next() < 0.7) {
    return first
  }
  const second = texturedColor(random, randomColor(random, mostSaturation), size)
  const period = Math.max(2, size * (0.15 + 0.5 * random.next()))
  const angle = Math.PI * random.next()
  const stripes = stripedPaint(first, second, period, angle)
  if (random.next() < 0.6) {
    return stripes
  }
  return stripedPaint(stripes, second, period, angle + Math.PI / 2)
}

/** The colour with blotches of a random size. */
export function texturedColor(random: RandomSource, rgb: Rgb, size: number): Paint {
  return noisyPaint(rgb, {
    period: Math.max(2, size * (0.2 + 0.6 * random.next())),
    amplitude: 4 + 20 * random.next(),
    seed: random.int(2 ** 30),
  })
}

/** Value noise in 0..1: independent values at whole coordinates, bilinear between them; repeats after 256 of them. */
export function smoothNoise(x: number, y: number, seed: number): number {
  const lattice = noiseLattice()
  const column = Math.floor(x)
  const row = Math.floor(y)
  const right = x - column
  const down = y - row
  const shiftedColumn = column + seed
  const shiftedRow = row + (seed >>> 8)
  const first = shiftedColumn & LATTICE_MASK
  const second = (shiftedColumn + 1) & LATTICE_MASK
  const top = (shiftedRow & LATTICE_MASK) * LATTICE_SIZE
  const bottom = ((shiftedRow + 1) & LATTICE_MASK) * LATTICE_SIZE
  const above = (1 - right) * (lattice[top + first] ?? 0) + right * (lattice[top + second] ?? 0)
  const below = (1 - right) * (lattice[bottom + first] ?? 0) + right * (lattice[bottom + second] ?? 0)
  return (1 - down) * above + down * below
}

const LATTICE_SIZE = 256
const LATTICE_MASK = LATTICE_SIZE - 1
let lattice: Float32Array | null = null

/** The same random values for every texture, which a seed shifts; made when first needed, since a hash per pixel is slow. */
function noiseLattice(): Float32Array {
  if (lattice === null) {
    const random = sampleRandom('noise lattice')
    lattice = Float32Array.from({ length: LATTICE_SIZE * LATTICE_SIZE }, () => random.next())
  }
  return lattice
}
