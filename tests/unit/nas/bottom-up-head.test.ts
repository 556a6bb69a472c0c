import { describe, expect, it } from 'vitest'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import {
  liveNodes,
  planNetwork,
  planParameters,
  supernetParameters,
} from '../../../src-main/nas/network-plan.ts'
import { countSpaceSize, isLastPoseModule, officialSpace } from '../../../src-main/nas/search-space.ts'
import { microSpace, officialShape } from './spaces.ts'

const shape = officialShape('bottom-up-pose', { baseWidth: 8, inputHeight: 64, inputWidth: 96 })

describe('bottom-up pose networks (method.md 9.1)', () => {
  const space = microSpace('bottom-up-pose')

  it('have heat maps and tags at stride 4, heat maps at stride 2, and no final_layer', () => {
    const plan = planNetwork(space, shape, largestGenotype(space))
    expect(plan.outputs.map(({ height, width, channels }) => [height, width, channels])).toEqual([
      [16, 24, 34],
      [32, 48, 17],
    ])
    expect(planParameters(plan).some(({ name }) => name.startsWith('final_layer.'))).toBe(false)
  })

  it('name the tensors of the head as published, a deconvolution in × out', () => {
    const specs = new Map(supernetParameters(space, shape).map(({ name, shape: own }) => [name, own]))
    expect(specs.get('final_layers.0.weight')).toEqual([34, 8, 1, 1])
    expect(specs.get('deconv_layers.0.0.0.weight')).toEqual([42, 8, 4, 4])
    expect(specs.get('deconv_layers.0.4.0.conv2.weight')).toEqual([8, 8, 3, 3])
    expect(specs.get('final_layers.1.bias')).toEqual([17])
    expect(specs.has('deconv_layers.0.5.0.conv1.weight')).toBe(false)
  })

  it('keep the rule of the last pose module, so their space has the size of that of pose', () => {
    expect(isLastPoseModule(space, space.modules.length - 1)).toBe(true)
    expect(countSpaceSize(officialSpace('bottom-up-pose'))).toEqual(countSpaceSize(officialSpace('pose')))
  })

  it('of every kind use tensors of the super-network only, and all of the head', () => {
    const known = new Map(supernetParameters(space, shape).map(({ name, shape: own }) => [name, own]))
    const head = [...known.keys()].filter((name) => /^(final|deconv)_layers/.test(name))
    for (const named of [smallestGenotype, hrnetGenotype, largestGenotype]) {
      const plan = planNetwork(space, shape, named(space))
      const used = planParameters(plan)
      for (const spec of used) {
        expect(known.get(spec.name), spec.name).toEqual(spec.shape)
      }
      expect(used.map(({ name }) => name)).toEqual(expect.arrayContaining(head))
      for (const { value } of plan.outputs) {
        expect(liveNodes(plan).has(value)).toBe(true)
      }
    }
  })
})
