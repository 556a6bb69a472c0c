import { canonicalGenotype } from './canonical-genotype.ts'
import { elementAt } from './element-at.ts'
import type { Genotype, GenotypeJson, ModuleGenotype } from './genotype.types.ts'
import type { SearchSpace } from './search-space.ts'
import { sha256Hex } from './sha256.ts'
import { describeProblems, validateGenotype } from './validate-genotype.ts'

export { canonicalGenotype }
export type { Genotype, GenotypeJson, ModuleGenotype }

const KEY_VERSION = 'v1'
const ID_DIGITS = 12

/**
 * The identity of an architecture as ASCII text (method.md 3.4): `v1`, then per module `;n:depths:bits` with the bits of all steps
 * that targets still own. Two genotypes of one layout are equal iff their keys are.
 */
export function genotypeKey(genotype: Genotype): string {
  return [KEY_VERSION, ...genotype.modules.map(moduleKey)].join(';')
}

/** First 12 hex digits of SHA-256 of the key. */
export function genotypeId(genotype: Genotype): string {
  return sha256Hex(genotypeKey(genotype)).slice(0, ID_DIGITS)
}

/**
 * The genotype that has this key.
 *
 * @throws RangeError if the key is malformed or not of this space.
 */
export function genotypeFromKey(space: SearchSpace, key: string): Genotype {
  const [version, ...parts] = key.split(';')
  if (version !== KEY_VERSION) {
    throw new RangeError(`genotype key: must start with "${KEY_VERSION}", got "${key.slice(0, 20)}"`)
  }
  const result = validateGenotype(space, {
    stages: [
      { modules: parts.map((part, index) => parseModuleKey(part, space.modules[index]?.branches ?? 0)) },
    ],
  })
  if (!result.ok) {
    throw new RangeError(describeProblems(result.problems))
  }
  return result.genotype
}

/** @param baseWidth - Channels of branch 0, stored for people and readers of the file; it is not part of the identity. */
export function toGenotypeJson(space: SearchSpace, baseWidth: number, genotype: Genotype): GenotypeJson {
  const canonical = canonicalGenotype(genotype)
  const modules = space.modules.map((spec, index) => {
    const { depths, fusion } = elementAt(canonical.modules, index, 'genotype modules')
    return {
      stage: spec.stage,
      json: {
        branches: spec.branches,
        depths: [...depths],
        fusion: fusion.map((targets) => targets.map((sources) => [...sources])),
      },
    }
  })
  return {
    task: space.task,
    width: baseWidth,
    maxDepth: space.maxDepth,
    stages: space.stages.map(({ name, stage }) => ({
      name,
      modules: modules.filter((module) => module.stage === stage).map((module) => module.json),
    })),
  }
}

/**
 * The genotype of a canonical JSON. Task and width of the file are context and not compared with the space.
 *
 * @throws RangeError that lists every problem of {@link validateGenotype}; call that where a refusal must be a value.
 */
export function fromGenotypeJson(space: SearchSpace, json: GenotypeJson): Genotype {
  const result = validateGenotype(space, json)
  if (!result.ok) {
    throw new RangeError(describeProblems(result.problems))
  }
  return result.genotype
}

function moduleKey({ depths, fusion }: ModuleGenotype): string {
  let bits = ''
  for (const [step, targets] of fusion.entries()) {
    for (const [target, sources] of targets.entries()) {
      if (step < (depths[target] ?? 0)) {
        bits += sources.filter((_bit, source) => source !== target).join('')
      }
    }
  }
  return `${String(depths.length)}:${depths.join('')}:${bits}`
}

interface KeyModule {
  readonly branches: number
  readonly depths: readonly number[]
  readonly fusion?: readonly (readonly (readonly (number | undefined)[])[])[]
}

/** Reads as much as the text offers; what is missing stays missing and is named by the validation. */
function parseModuleKey(text: string, expectedBranches: number): KeyModule {
  const [branches = '', depthDigits = '', bits = ''] = text.split(':')
  const depths = Array.from(depthDigits, Number)
  if (depths.length > expectedBranches) {
    return { branches: depths.length, depths }
  }
  let position = 0
  const fusion = Array.from({ length: Math.max(0, ...depths.filter(Number.isInteger)) }, (_, step) =>
    depths.map((depth, target) =>
      depths.map((_depth, source) => {
        if (source === target) {
          return 1
        }
        if (step >= depth) {
          return 0
        }
        const bit = bits[position]
        position += 1
        return bit === undefined ? undefined : Number(bit)
      }),
    ),
  )
  if (position < bits.length) {
    throw new RangeError(
      `genotype key: module "${text}" has ${String(bits.length)} bits, its depths need ${String(position)}`,
    )
  }
  return { branches: Number(branches), depths, fusion }
}
