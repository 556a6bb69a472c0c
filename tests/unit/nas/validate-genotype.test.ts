import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toGenotypeJson, type GenotypeJson } from '../../../src-main/nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { sampleFromGroup } from '../../../src-main/nas/sampling.ts'
import { officialSpace, type TaskKind } from '../../../src-main/nas/search-space.ts'
import { validateGenotype, type GenotypeValidation } from '../../../src-main/nas/validate-genotype.ts'
import { arbitraryGenotype, microSpace } from './spaces.ts'

const EVERYTHING = {
  withBigInt: true,
  withBoxedValues: true,
  withNullPrototype: true,
  withSparseArray: true,
} as const

/** HRNet of the official space with one change made to it: module 0 of stage 2, modules 0 to 3 of stage 3, … */
function changedHrnet(task: TaskKind, change: (json: GenotypeJson) => void): GenotypeValidation {
  const space = officialSpace(task)
  const json = toGenotypeJson(space, 32, hrnetGenotype(space))
  change(json)
  return validateGenotype(space, json)
}

function moduleOf(
  json: GenotypeJson,
  stage: number,
  module: number,
): GenotypeJson['stages'][0]['modules'][0] {
  const found = json.stages[stage]?.modules[module]
  if (found === undefined) {
    throw new Error(`no module ${String(module)} in stage ${String(stage)}`)
  }
  return found
}

function setBit(json: GenotypeJson, place: readonly number[], value: unknown): void {
  const [stage = 0, module = 0, step = 0, target = 0, source = 0] = place
  const row = moduleOf(json, stage, module).fusion[step]?.[target] as unknown[]
  row[source] = value
}

function problemsOf(result: GenotypeValidation): string[] {
  return result.ok ? [] : result.problems.map(({ code, message }) => `${code} ${message}`)
}

describe('validateGenotype', () => {
  it('accepts every sampled genotype of its space without a warning', () => {
    fc.assert(
      fc.property(arbitraryGenotype(), ({ space, genotype }) => {
        expect(validateGenotype(space, toGenotypeJson(space, 8, genotype))).toEqual({
          ok: true,
          genotype,
          warnings: [],
        })
      }),
    )
  })

  it.each<[string, (json: GenotypeJson) => void, string]>([
    [
      'a missing module',
      (json) => json.stages[1]?.modules.pop(),
      'LAYOUT expected 8 modules (1 + 4 + 3), found 7',
    ],
    [
      'another number of branches',
      (json) => {
        moduleOf(json, 1, 1).branches = 4
      },
      'LAYOUT module stage3.1 has 3 branches, the file says 4',
    ],
    [
      'more depths than branches',
      (json) => moduleOf(json, 1, 1).depths.push(4),
      'LAYOUT module stage3.1 has 3 branches, the file says 4',
    ],
    [
      'a depth outside the set',
      (json) => moduleOf(json, 1, 1).depths.splice(2, 1, 7),
      'DEPTH stage3.1 branch 2: depth 7 is not one of 2, 3, 4, 5',
    ],
    [
      'a depth that is not an integer',
      (json) => moduleOf(json, 1, 1).depths.splice(0, 1, 2.5),
      'DEPTH stage3.1 branch 0: depth 2.5 is not one of 2, 3, 4, 5',
    ],
    [
      'a missing depth',
      (json) => moduleOf(json, 1, 1).depths.pop(),
      'DEPTH stage3.1 branch 2: depth (missing) is not one of 2, 3, 4, 5',
    ],
    [
      'too few steps',
      (json) => moduleOf(json, 1, 1).fusion.pop(),
      'SHAPE stage3.1: fusion has 3 steps, the deepest branch needs 4',
    ],
    [
      'a missing target',
      (json) => moduleOf(json, 1, 1).fusion[2]?.pop(),
      'SHAPE stage3.1 step 2: 2 targets, expected 3',
    ],
    [
      'a ragged row',
      (json) => moduleOf(json, 1, 1).fusion[2]?.[1]?.pop(),
      'SHAPE stage3.1 step 2, target 1: 2 sources, expected 3',
    ],
    [
      'a value that is no bit',
      (json) => {
        setBit(json, [1, 1, 2, 1, 0], 2)
      },
      'BIT stage3.1 step 2, 0 → 1: found 2',
    ],
    [
      'a truth value',
      (json) => {
        setBit(json, [1, 1, 2, 1, 0], true)
      },
      'BIT stage3.1 step 2, 0 → 1: found true',
    ],
    [
      'a fusion after the last block of its target',
      (json) => {
        moduleOf(json, 1, 1).depths.splice(1, 1, 2)
        setBit(json, [1, 1, 3, 1, 0], 0)
        setBit(json, [1, 1, 3, 1, 2], 1)
      },
      'LATE stage3.1 step 3, 2 → 1: branch 1 has only 2 blocks, no search makes this; an import can clear it',
    ],
  ])('refuses %s', (_name, change, message) => {
    expect(problemsOf(changedHrnet('segmentation', change))).toEqual([message])
  })

  it('sets a missing self bit to 1 with a warning', () => {
    const result = changedHrnet('segmentation', (json) => {
      setBit(json, [1, 1, 2, 1, 1], 0)
    })
    expect(result).toEqual({
      ok: true,
      genotype: hrnetGenotype(officialSpace('segmentation')),
      warnings: [{ code: 'SELF', message: 'stage3.1 step 2, 1 → 1: set to 1, a branch always keeps itself' }],
    })
  })

  it('clears bits beyond the last step with a warning', () => {
    const result = changedHrnet('segmentation', (json) => {
      moduleOf(json, 0, 0).fusion.push([
        [1, 1],
        [0, 0],
      ])
    })
    expect(result).toEqual({
      ok: true,
      genotype: hrnetGenotype(officialSpace('segmentation')),
      warnings: [{ code: 'LATE', message: 'stage2.0 step 4, 1 → 0: cleared, the module has no such step' }],
    })
  })

  it('clears late bits of an import on request', () => {
    const space = microSpace('segmentation')
    const json = toGenotypeJson(space, 8, largestGenotype(space))
    json.stages[0]?.modules[0]?.depths.splice(0, 1, 1)
    const result = validateGenotype(space, json, { clearLate: true })
    expect(result.ok && result.genotype.modules[0]?.fusion).toEqual([
      [
        [1, 1],
        [1, 1],
      ],
      [
        [1, 0],
        [1, 1],
      ],
      [
        [1, 0],
        [1, 1],
      ],
    ])
    expect(result.ok && result.warnings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'LATE stage2.0 step 1, 1 → 0: branch 0 has only 1 blocks, cleared',
      'LATE stage2.0 step 2, 1 → 0: branch 0 has only 1 blocks, cleared',
    ])
  })

  it('holds pose to the rule of its last module, in both directions', () => {
    const message =
      'LAST last module: branch 0 must take all branches at its last step; branch k must take none at its own'
    expect(
      problemsOf(
        changedHrnet('pose', (json) => {
          setBit(json, [2, 2, 3, 0, 2], 0)
        }),
      ),
    ).toEqual([message])
    expect(
      problemsOf(
        changedHrnet('pose', (json) => {
          setBit(json, [2, 2, 3, 2, 0], 1)
        }),
      ),
    ).toEqual([message])
    expect(
      changedHrnet('pose', (json) => {
        setBit(json, [2, 2, 2, 2, 0], 1)
      }).ok,
    ).toBe(true)
  })

  it('takes pose genotypes for segmentation, and refuses most segmentation genotypes for pose', () => {
    const pose = officialSpace('pose')
    const segmentation = officialSpace('segmentation')
    const poseGenotype = sampleFromGroup(
      pose,
      { depthChoices: [2, 3], fusionProbability: 0.5 },
      createRandom(1),
    )
    expect(validateGenotype(segmentation, toGenotypeJson(pose, 32, poseGenotype)).ok).toBe(true)
    const smallest = toGenotypeJson(segmentation, 32, smallestGenotype(segmentation))
    expect(problemsOf(validateGenotype(pose, smallest))).toEqual([expect.stringMatching(/^LAST /)])
  })

  it('refuses a genotype of another layout', () => {
    const official = officialSpace('pose')
    const result = validateGenotype(microSpace('pose'), toGenotypeJson(official, 32, hrnetGenotype(official)))
    expect(problemsOf(result)).toEqual(['LAYOUT expected 2 modules (1 + 1), found 8'])
  })

  it('refuses a file out of all proportion without doing its work', () => {
    const space = microSpace('segmentation')
    const manyModules = { stages: [{ modules: new Array<null>(1_000_000).fill(null) }] }
    expect(problemsOf(validateGenotype(space, manyModules))).toEqual([
      'LAYOUT expected 2 modules (1 + 1), found 1000000',
    ])
    const json = toGenotypeJson(space, 8, smallestGenotype(space))
    const row = [7, 7]
    json.stages[0]?.modules.splice(0, 1, {
      branches: 2,
      depths: [1, 1],
      fusion: new Array<number[][]>(1_000_000).fill([row, row]),
    })
    expect(problemsOf(validateGenotype(space, json))).toEqual([
      'SHAPE stage2.0: fusion has 1000000 steps, no module has more than 9',
    ])
  })

  it('answers anything at all with a value', () => {
    fc.assert(
      fc.property(fc.anything(EVERYTHING), (input) => {
        const result = validateGenotype(microSpace('pose'), input)
        expect(result.ok).toBe(false)
      }),
    )
    const almost = fc.record({
      stages: fc.array(
        fc.record({
          modules: fc.array(
            fc.record({
              branches: fc.constantFrom(2, 3),
              depths: fc.array(fc.anything(EVERYTHING)),
              fusion: fc.anything(EVERYTHING),
            }),
            { minLength: 1, maxLength: 2 },
          ),
        }),
        { maxLength: 2 },
      ),
    })
    fc.assert(
      fc.property(almost, (input) => {
        const result = validateGenotype(microSpace('segmentation'), input)
        expect(result.ok || result.problems.length > 0).toBe(true)
      }),
    )
  })
})
