import type { Handle, Kernels, Shape } from '../kernels.ts'
import * as reference from './reference.ts'

/** One check of one primitive: runs it on the backend and says how far it is from the float64 loops. */
export interface ConformanceCase {
  readonly name: string
  /** True for the handful that run at every start; the whole set runs in the tests. */
  readonly isQuick: boolean
  /** Largest allowed relative error: max |got - want| / max |want|. */
  readonly tolerance: number
  run(kernels: Kernels): number
}

/**
 * float32 sums of up to some hundred products: a few units in the last place of the largest term. Fused kernels reorder sums, so
 * 2e-5 leaves a factor of ten over what was measured on the native backend (2e-6).
 */
export const TOLERANCE = 2e-5

/** Deterministic values in [-1, 1), exact in float32. */
export function values(count: number, seed: number): Float64Array {
  let state = (seed * 2654435761) >>> 0
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround(state / 2 ** 31 - 1)
  })
}

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) {
    return Number.POSITIVE_INFINITY
  }
  let difference = 0
  let largest = 0
  for (let i = 0; i < want.length; i++) {
    const delta = Math.abs(reference.at(got, i) - reference.at(want, i))
    // NaN must not pass as "no difference".
    difference = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : Math.max(difference, delta)
    largest = Math.max(largest, Math.abs(reference.at(want, i)))
  }
  return difference / (largest === 0 ? 1 : largest)
}

/** Uploads inputs, runs, downloads and releases everything; returns the results in order. */
export function withTensors(
  kernels: Kernels,
  inputs: readonly (readonly [Float64Array | Int32Array, Shape])[],
  run: (handles: readonly Handle[]) => readonly Handle[],
): Float32Array[] {
  const handles = inputs.map(([data, shape]) =>
    kernels.upload(data instanceof Int32Array ? data : Float32Array.from(data), shape),
  )
  const outputs = run(handles)
  const results = outputs.map((output) => kernels.downloadSync(output))
  ;[...handles, ...outputs].forEach((handle) => {
    kernels.release(handle)
  })
  return results
}

export const pick = (handles: readonly Handle[], i: number): Handle => {
  const handle = handles[i]
  if (handle === undefined) {
    throw new RangeError(`no tensor ${i}`)
  }
  return handle
}

export const worst = (got: readonly Float32Array[], want: readonly ArrayLike<number>[]): number =>
  Math.max(...want.map((expected, i) => relativeError(got[i] ?? [], expected)))
