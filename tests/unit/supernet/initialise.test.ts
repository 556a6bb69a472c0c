import { describe, expect, it } from 'vitest'
import { supernetParameters } from '../../../src-main/nas/network-plan.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import type { NetworkShape, ParameterSpec } from '../../../src-main/nas/network-plan.types.ts'
import { initialWeights } from '../../../src-main/supernet/initialise.ts'
import type { WeightMap } from '../../../src-main/supernet/weights.ts'
import { smallSpace } from '../../support/small-supernet.ts'

/**
 * A deviation measured on n normal values has a relative deviation of 1 / sqrt(2n), a mean one of sigma / sqrt(n). Six of them never
 * come by chance in some hundred tensors, and the seed is fixed.
 */
const SIGMAS = 6

function start(task: NetworkShape['task'], seed = 3): { specs: ParameterSpec[]; weights: WeightMap } {
  const { space, shape } = smallSpace(task)
  const specs = supernetParameters(space, shape)
  return { specs, weights: initialWeights(specs, shape, seed) }
}

function valuesOf(weights: WeightMap, name: string): Float32Array {
  return weights.get(name)?.values ?? new Float32Array(0)
}

describe('initialWeights', () => {
  it('draws convolutions from the Kaiming normal of their fan-out, the last one from N(0, 0.001²)', () => {
    const { specs, weights } = start('pose')
    const convolutions = specs.filter(({ kind }) => kind === 'conv-weight')
    expect(convolutions.length).toBeGreaterThan(20)
    for (const { name, shape } of convolutions) {
      const values = valuesOf(weights, name)
      const [out = 1, , kh = 1, kw = 1] = shape
      const deviation = name === 'final_layer.weight' ? 0.001 : Math.sqrt(2 / (out * kh * kw))
      const mean = values.reduce((a, b) => a + b, 0) / values.length
      const measured = Math.sqrt(values.reduce((a, b) => a + b * b, 0) / values.length)
      expect(Math.abs(mean), `mean of ${name}`).toBeLessThan((SIGMAS * deviation) / Math.sqrt(values.length))
      const spread = Math.abs(measured / deviation - 1)
      expect(spread, `deviation of ${name}`).toBeLessThan(SIGMAS / Math.sqrt(2 * values.length))
    }
  })

  it('starts norms as the identity and pose biases at zero', () => {
    const { specs, weights } = start('pose')
    for (const { name, kind } of specs.filter((spec) => spec.kind !== 'conv-weight')) {
      const constant = kind === 'norm-weight' || kind === 'running-var' ? 1 : 0
      expect(new Set(valuesOf(weights, name)), name).toEqual(new Set([constant]))
    }
  })

  it('draws the two biases of the segmentation head from U(-1/sqrt(fan-in), 1/sqrt(fan-in))', () => {
    const { specs, weights } = start('segmentation')
    const biases = specs.filter(({ kind }) => kind === 'conv-bias').map(({ name }) => name)
    expect(biases).toEqual(['last_layer.0.bias', 'last_layer.3.bias'])
    for (const name of biases) {
      const [, fanIn = 1] = weights.get(name.replace('bias', 'weight'))?.shape ?? []
      const values = valuesOf(weights, name)
      const bound = 1 / Math.sqrt(fanIn)
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound)
      expect(new Set(values).size).toBe(values.length)
    }
    // Twelve uniform values all within half of the bound: once in four thousand seeds.
    const widest = Math.max(...valuesOf(weights, 'last_layer.0.bias').map(Math.abs))
    expect(widest).toBeGreaterThan(0.5 / Math.sqrt(valuesOf(weights, 'last_layer.0.bias').length))
    expect(Math.max(...valuesOf(weights, 'last_layer.3.weight').map(Math.abs))).toBeLessThan(0.01)
  })

  it('gives every tensor of the official super-network its shape', () => {
    const space = officialSpace('segmentation')
    const shape: NetworkShape = { ...smallSpace('segmentation').shape, baseWidth: 2 }
    const specs = supernetParameters(space, shape)
    const weights = initialWeights(specs, shape, 0)
    expect([...weights.keys()]).toEqual(specs.map(({ name }) => name))
    for (const spec of specs) {
      const tensor = weights.get(spec.name)
      expect(tensor?.shape).toEqual(spec.shape)
      expect(tensor?.values).toHaveLength(spec.shape.reduce((a, b) => a * b, 1))
    }
  })

  it('depends on seed and name alone', () => {
    const { specs, weights } = start('pose')
    const { shape } = smallSpace('pose')
    const reversed = initialWeights(specs.toReversed(), shape, 3)
    const other = initialWeights(specs, shape, 4)
    for (const { name, kind } of specs) {
      expect(reversed.get(name), name).toEqual(weights.get(name))
      if (kind === 'conv-weight') {
        expect(valuesOf(other, name), name).not.toEqual(valuesOf(weights, name))
      }
    }
    const sameSize = specs.filter(
      ({ kind, shape: size }) => kind === 'conv-weight' && size.join() === '4,4,3,3',
    )
    expect(sameSize.length).toBeGreaterThan(3)
    expect(new Set(sameSize.map(({ name }) => valuesOf(weights, name).join())).size).toBe(sameSize.length)
  })
})
