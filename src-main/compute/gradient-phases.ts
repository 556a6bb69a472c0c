/** Pixels of border on each side: none for kernel 1, one for 3 and 4. */
export const paddingOf = (k: number): number => Math.floor((k - 1) / 2)

/** One axis of a phase: the pixels `phase + stride * u` of x get dy[u + first + a] times kernel tap `taps[a]`, summed over a. */
export interface AxisPhase {
  readonly phase: number
  readonly first: number
  readonly taps: readonly number[]
}

export interface GradientPhase {
  readonly y: AxisPhase
  readonly x: AxisPhase
}

/**
 * The gradient of a strided convolution with respect to its input, as ordinary convolutions of dy: forward, tap t of output o reads
 * pixel `stride * o + t - pad`, so pixel i is read through the taps where `i + pad - t` is a multiple of the stride. Pixels of one
 * remainder share their taps; no zero is multiplied, as it would be in a dilated dy.
 *
 * @param k - Kernel size 1, 3 or 4.
 * @returns Only the phases that some tap reaches.
 */
export function phasesOfInputGradient(k: number, stride: number): readonly GradientPhase[] {
  const axes = Array.from({ length: stride }, (_, phase) => axisPhase(k, stride, phase)).filter(
    (axis) => axis.taps.length > 0,
  )
  return axes.flatMap((y) => axes.map((x) => ({ y, x })))
}

function axisPhase(k: number, stride: number, phase: number): AxisPhase {
  const pad = paddingOf(k)
  const taps = Array.from({ length: k }, (_, t) => t)
    .filter((t) => (phase + pad - t) % stride === 0)
    .toReversed()
  const [largest = 0] = taps
  return { phase, first: (phase + pad - largest) / stride, taps }
}
