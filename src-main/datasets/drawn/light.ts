import type { RandomSource } from '../../vision/random-source.ts'
import type { Canvas } from './canvas.ts'

/** Exposure, a slope of brightness over the picture, a colour cast, and grain. */
export interface Light {
  readonly gain: readonly [red: number, green: number, blue: number]
  readonly slopeX: number
  readonly slopeY: number
  readonly offset: number
  /** Deviation of the grain in grey levels. */
  readonly grain: number
  readonly seed: number
}

export function drawLight(random: RandomSource, width: number, height: number): Light {
  const exposure = 0.75 + 0.4 * random.next()
  const cast = (): number => exposure * (1 + 0.1 * random.normal())
  const angle = 2 * Math.PI * random.next()
  const strength = 0.4 * random.next()
  return {
    gain: [cast(), cast(), cast()],
    slopeX: (strength * Math.cos(angle)) / width,
    slopeY: (strength * Math.sin(angle)) / height,
    offset: 12 * random.normal(),
    grain: 2 + 6 * random.next(),
    seed: random.int(2 ** 30) + 1,
  }
}

/** Applies the light to every pixel; the grain is drawn once for all three channels, as of a grey sensor. */
export function shineAndGrain(canvas: Canvas, light: Light): void {
  const { width, height, values } = canvas
  let state = light.seed | 0
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const slope = 1 + light.slopeX * (column - width / 2) + light.slopeY * (row - height / 2)
      // Two uniform halves of one xorshift32 word: a triangle, near enough to a bell for grain.
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      const triangle = ((state & 0xffff) + ((state >>> 16) & 0xffff)) / 0x10000 - 1
      const added = light.offset + light.grain * TRIANGLE_TO_DEVIATION * triangle
      const pixel = (row * width + column) * 3
      for (let channel = 0; channel < 3; channel++) {
        values[pixel + channel] = (values[pixel + channel] ?? 0) * slope * (light.gain[channel] ?? 1) + added
      }
    }
  }
}

/** The triangle on -1..1 has variance 1/6. */
const TRIANGLE_TO_DEVIATION = Math.sqrt(6)
