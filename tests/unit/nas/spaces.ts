import * as fc from 'fast-check'
import type { Genotype } from '../../../src-main/nas/genotype.ts'
import type { NetworkShape } from '../../../src-main/nas/network-plan.types.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { sampleFromGroup } from '../../../src-main/nas/sampling.ts'
import {
  createSearchSpace,
  officialSpace,
  type SearchSpace,
  type TaskKind,
} from '../../../src-main/nas/search-space.ts'

/** The space of micro-pose and micro-seg (method.md 11.2). */
export function microSpace(task: TaskKind): SearchSpace {
  return createSearchSpace({
    task,
    layout: [
      [2, 1],
      [3, 1],
    ],
    depthChoices: [1, 2, 3],
    evolveLastModule: true,
  })
}

/** The space of mini-pose and mini-seg (method.md 11.2). */
export function miniSpace(task: TaskKind): SearchSpace {
  return createSearchSpace({
    task,
    layout: [
      [2, 1],
      [3, 2],
      [4, 1],
    ],
    depthChoices: [1, 2, 3, 4],
    evolveLastModule: false,
  })
}

export const ALL_SPACES: readonly SearchSpace[] = [
  officialSpace('pose'),
  officialSpace('segmentation'),
  microSpace('pose'),
  microSpace('segmentation'),
  miniSpace('pose'),
]

/** The official body: stem 64, four bottlenecks of planes 64. */
export function officialShape(
  task: TaskKind,
  options: { baseWidth?: number; inputHeight?: number; inputWidth?: number; outputs?: number } = {},
): NetworkShape {
  const isPose = task !== 'segmentation'
  return {
    task,
    baseWidth: options.baseWidth ?? 32,
    stemChannels: 64,
    layer1Blocks: 4,
    layer1Planes: 64,
    inputHeight: options.inputHeight ?? (isPose ? 256 : 1024),
    inputWidth: options.inputWidth ?? (isPose ? 192 : 2048),
    outputs: options.outputs ?? (isPose ? 17 : 19),
  }
}

/** A space with one of its genotypes, drawn with any depths and any fusion density. */
export function arbitraryGenotype(
  spaces: readonly SearchSpace[] = ALL_SPACES,
): fc.Arbitrary<{ space: SearchSpace; genotype: Genotype }> {
  return fc
    .record({
      space: fc.constantFrom(...spaces),
      seed: fc.nat(),
      fusionProbability: fc.constantFrom(0, 0.2, 0.5, 0.8, 1),
    })
    .map(({ space, seed, fusionProbability }) => ({
      space,
      genotype: sampleFromGroup(
        space,
        { depthChoices: space.depthChoices, fusionProbability },
        createRandom(seed),
      ),
    }))
}
