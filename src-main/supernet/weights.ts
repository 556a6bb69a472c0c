import type { ParameterSpec } from '../nas/network-plan.types.ts'

/** A tensor on the host in PyTorch layout: convolutions O, I, kh, kw. */
export interface HostTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** State dict: official parameter name → tensor. */
export type WeightMap = ReadonlyMap<string, HostTensor>

/** Shape on the device: convolutions kh, kw, I, O; everything else as it is. */
export function deviceShape(spec: Pick<ParameterSpec, 'shape'>): readonly number[] {
  const [o, i, kh, kw] = spec.shape
  return o !== undefined && i !== undefined && kh !== undefined && kw !== undefined
    ? [kh, kw, i, o]
    : spec.shape
}

/** O, I, kh, kw → kh, kw, I, O for rank 4; other ranks are returned as they are (same array). */
export function toDeviceLayout({ shape, values }: HostTensor): Float32Array {
  const [o = 0, i = 0, kh = 0, kw = 0] = shape
  if (shape.length !== 4) {
    return values
  }
  const out = new Float32Array(values.length)
  let source = 0
  for (let a = 0; a < o; a++) {
    for (let b = 0; b < i; b++) {
      for (let y = 0; y < kh; y++) {
        for (let x = 0; x < kw; x++) {
          out[((y * kw + x) * i + b) * o + a] = values[source] ?? 0
          source += 1
        }
      }
    }
  }
  return out
}

/** The inverse of {@link toDeviceLayout}; `shape` is the PyTorch shape. */
export function fromDeviceLayout(values: Float32Array, shape: readonly number[]): Float32Array {
  const [o = 0, i = 0, kh = 0, kw = 0] = shape
  if (shape.length !== 4) {
    return values
  }
  const out = new Float32Array(values.length)
  let target = 0
  for (let a = 0; a < o; a++) {
    for (let b = 0; b < i; b++) {
      for (let y = 0; y < kh; y++) {
        for (let x = 0; x < kw; x++) {
          out[target] = values[((y * kw + x) * i + b) * o + a] ?? 0
          target += 1
        }
      }
    }
  }
  return out
}
