import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countCost } from '../../../src-main/nas/cost.ts'
import { largestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { isTrainable } from '../../../src-main/nas/network-parameters.ts'
import { planNetwork, planParameters, supernetParameters } from '../../../src-main/nas/network-plan.ts'
import type { ParameterSpec } from '../../../src-main/nas/network-plan.types.ts'
import { officialSpace } from '../../../src-main/nas/search-space.ts'
import { arbitraryGenotype, microSpace, miniSpace, officialShape } from './spaces.ts'

function countTrainable(parameters: readonly ParameterSpec[]): number {
  return parameters
    .filter(isTrainable)
    .reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0)
}

describe('supernetParameters', () => {
  // method.md 2.7.
  it.each([
    ['pose', 8, 3_344_025],
    ['pose', 16, 12_231_137],
    ['pose', 32, 47_609_841],
    ['pose', 48, 106_461_185],
    ['segmentation', 32, 47_850_259],
    ['segmentation', 48, 106_994_611],
  ] as const)('%s at width %i has the published number of parameters', (task, baseWidth, count) => {
    expect(countTrainable(supernetParameters(officialSpace(task), officialShape(task, { baseWidth })))).toBe(
      count,
    )
  })

  it('has the published number of tensors and norms', () => {
    for (const [task, trainable, entries, upFusionNorms] of [
      ['pose', 2009, 4016, 155],
      ['segmentation', 2013, 4023, 155],
    ] as const) {
      const parameters = supernetParameters(officialSpace(task), officialShape(task))
      const norms = parameters.filter(({ kind }) => kind === 'running-mean').length
      expect(parameters.filter(isTrainable).length).toBe(trainable)
      // The official state dict also has one num_batches_tracked per norm.
      expect(parameters.length + norms).toBe(entries)
      expect(norms).toBe(task === 'pose' ? 669 : 670)
      expect(
        parameters.filter(({ name }) => /fuse_layers_\d\.\d\.\d\.1\.running_mean/.test(name)).length,
      ).toBe(upFusionNorms)
      expect(new Set(parameters.map(({ name }) => name)).size).toBe(parameters.length)
    }
  })

  // method.md 11.2.
  it.each([
    ['micro-pose', microSpace('pose'), { baseWidth: 8, stem: 16, planes: 8, outputs: 14 }, 140_318],
    ['micro-seg', microSpace('segmentation'), { baseWidth: 8, stem: 16, planes: 8, outputs: 11 }, 144_123],
    ['mini-pose', miniSpace('pose'), { baseWidth: 16, stem: 32, planes: 16, outputs: 14 }, 3_695_726],
    ['mini-pose-8', miniSpace('pose'), { baseWidth: 8, stem: 32, planes: 16, outputs: 14 }, 948_046],
    ['mini-seg', miniSpace('segmentation'), { baseWidth: 16, stem: 32, planes: 16, outputs: 11 }, 3_756_459],
  ] as const)('%s has the stated number of parameters', (_name, space, sizes, count) => {
    const shape = {
      ...officialShape(space.task, sizes),
      stemChannels: sizes.stem,
      layer1Blocks: 1,
      layer1Planes: sizes.planes,
    }
    expect(countTrainable(supernetParameters(space, shape))).toBe(count)
  })

  it('differs from the largest pose network by what its last module can never use', () => {
    const space = officialSpace('pose')
    const shape = officialShape('pose')
    const used = new Set(
      planParameters(planNetwork(space, shape, largestGenotype(space))).map(({ name }) => name),
    )
    const unused = supernetParameters(space, shape).filter(({ name }) => !used.has(name))
    expect(unused.every(({ name }) => /^stage4\.2\.fuse_layers_5\.[123]\./.test(name))).toBe(true)
    expect(countTrainable(unused)).toBe(769_984)
  })
})

describe('planParameters', () => {
  it('is a part of the super-network, name by name and shape by shape, and is what the cost counts', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ space, genotype }) => {
        const shape = officialShape(space.task, { baseWidth: 8, inputHeight: 64, inputWidth: 64 })
        const all = new Map(supernetParameters(space, shape).map((parameter) => [parameter.name, parameter]))
        const plan = planNetwork(space, shape, genotype)
        const parameters = planParameters(plan)
        for (const parameter of parameters) {
          expect(parameter).toEqual(all.get(parameter.name))
        }
        expect(countTrainable(parameters)).toBe(countCost(plan).params)
      }),
      { numRuns: 20 },
    )
  })
})
