import type { ParameterSpec } from '../../src-main/nas/network-plan.types.ts'
import type { HostTensor, WeightMap } from '../../src-main/supernet/weights.ts'

/** Weights and inputs of the golden sets come from this formula (shared/data/golden/README.md), not from files. */

export function fnv1a32(text: string): number {
  let h = 2166136261
  for (const byte of new TextEncoder().encode(text)) {
    h = Math.imul(h ^ byte, 16777619) >>> 0
  }
  return h
}

/** u(seed, name, i) in [0, 1), exact in float64. */
export function formulaUniform(base: number, i: number): number {
  let z = (base + Math.imul(i + 1, 0x9e3779b1)) >>> 0
  z ^= z >>> 16
  z = Math.imul(z, 0x85ebca6b) >>> 0
  z ^= z >>> 13
  z = Math.imul(z, 0xc2b2ae35) >>> 0
  z = (z ^ (z >>> 16)) >>> 0
  return z / 2 ** 32
}

export function symmetric(seed: number, name: string, size: number, bound: number): Float32Array {
  const base = fnv1a32(`${seed}:${name}`)
  return Float32Array.from({ length: size }, (_, i) => (2 * formulaUniform(base, i) - 1) * bound)
}

function between(seed: number, name: string, size: number, low: number, span: number): Float32Array {
  const base = fnv1a32(`${seed}:${name}`)
  return Float32Array.from({ length: size }, (_, i) => low + span * formulaUniform(base, i))
}

export type Recipe = 'plain' | 'gated'

export function formulaWeights(specs: readonly ParameterSpec[], seed: number, recipe: Recipe): WeightMap {
  return new Map(specs.map((spec) => [spec.name, formulaTensor(spec, seed, recipe)]))
}

function formulaTensor({ name, shape, kind }: ParameterSpec, seed: number, recipe: Recipe): HostTensor {
  const size = shape.reduce((a, b) => a * b, 1)
  switch (kind) {
    case 'conv-weight': {
      const [, inputs = 1, kh = 1, kw = 1] = shape
      const values = symmetric(seed, name, size, Math.sqrt(3 / (inputs * kh * kw)))
      return {
        shape,
        values: recipe === 'gated' && name === 'final_layer.weight' ? values.map((v) => v / 32) : values,
      }
    }
    case 'conv-bias':
    case 'running-mean':
      return { shape, values: symmetric(seed, name, size, 0.1) }
    case 'norm-weight':
      return {
        shape,
        values:
          recipe === 'gated' ? between(seed, name, size, 0.1, 0.2) : between(seed, name, size, 0.2, 0.4),
      }
    case 'running-var':
      return { shape, values: between(seed, name, size, 0.5, 1) }
    case 'norm-bias': {
      if (recipe === 'plain') {
        return { shape, values: symmetric(seed, name, size, 0.1) }
      }
      const base = fnv1a32(`${seed}:${name}`)
      const isRectified = isDirectlyRectified(name.replace(/\.bias$/, ''))
      return {
        shape,
        values: Float32Array.from({ length: size }, (_, i) =>
          isRectified && formulaUniform(base, i) < 0.25 ? -2 : 2,
        ),
      }
    }
    default:
      return kind satisfies never
  }
}

function isDirectlyRectified(norm: string): boolean {
  if (norm === 'bn1' || norm === 'bn2' || norm === 'last_layer.1' || norm.startsWith('transition')) {
    return true
  }
  if (norm.endsWith('.bn1') || /^layer1\.\d+\.bn2$/.test(norm)) {
    return true
  }
  const down = /fuse_layers_\d+\.(\d+)\.(\d+)\.(\d+)\.1$/.exec(norm)
  return down !== null && Number(down[3]) < Number(down[1]) - Number(down[2]) - 1
}

/** N, C, H, W → N, H, W, C. */
export function toNhwc(values: ArrayLike<number>, shape: readonly number[]): Float32Array {
  const [, c = 0, h = 0, w = 0] = shape
  const pixels = h * w
  const out = new Float32Array(values.length)
  for (let source = 0; source < values.length; source++) {
    const plane = Math.floor(source / pixels)
    const image = Math.floor(plane / c)
    out[(image * pixels + (source % pixels)) * c + (plane % c)] = values[source] ?? Number.NaN
  }
  return out
}
