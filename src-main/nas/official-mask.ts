import { canonicalGenotype } from './canonical-genotype.ts'
import type { Genotype } from './genotype.types.ts'
import { LARGEST_DEPTH, type SearchSpace } from './search-space.ts'
import { validateModules, type GenotypeValidation, type ValidationOptions } from './validate-genotype.ts'

/** One module in the published encoding (method.md 3.2). */
export interface OfficialMaskModule {
  /** Depth of each branch, shape [branches]; the file has shape [branches, 1]. */
  readonly d: readonly number[]
  /** 0 or 1, indices [target][step][source]: another order than ours. */
  readonly f: readonly (readonly (readonly number[])[])[]
}

export type OfficialMask = readonly OfficialMaskModule[]

/**
 * Reads the published encoding (as JSON or as the values of the `.npy` file) into canonical form.
 *
 * - The bit of a branch for itself is ignored, as the network does; where it is not 1 at an active step there is a SELF warning.
 * - Rows of a target after its own depth may be short placeholders; they count as zeros.
 * - Rows after the deepest branch are placeholders whatever they hold; a fusion in one of full length gives a LATE warning.
 *
 * @param mask - A list of modules `{ d, f }`; `d` may have shape [branches] or [branches, 1].
 * @returns As {@link validateModules}, which names whatever does not fit the space.
 */
export function fromOfficialMask(
  space: SearchSpace,
  mask: readonly unknown[],
  options: ValidationOptions = {},
): GenotypeValidation {
  const modules = mask.map((module, index) => toModule(module, space.modules[index]?.branches ?? 0))
  return validateModules(space, modules, options)
}

/**
 * The published encoding of a genotype: every step up to the deepest choice of the space is filled, rows of a target after its
 * depth are zeros of full length.
 */
export function toOfficialMask(space: SearchSpace, genotype: Genotype): OfficialMaskModule[] {
  return canonicalGenotype(genotype).modules.map(({ depths, fusion }) => ({
    d: [...depths],
    f: depths.map((depth, target) =>
      Array.from({ length: space.maxDepth }, (_, step) =>
        depths.map((_depth, source) => (step < depth ? (fusion[step]?.[target]?.[source] ?? 0) : 0)),
      ),
    ),
  }))
}

/**
 * Reorders [target][step][source] to [step][target][source] and repairs only what the format allows; anything else is passed on
 * as it is, so that the validation can name it.
 */
function toModule(module: unknown, branches: number): unknown {
  const { d, f } = asRecord(module)
  const targets: readonly unknown[] = isArray(f) ? f : []
  const depths = isArray(d)
    ? d.map((depth: unknown) => (isArray(depth) && depth.length === 1 ? depth[0] : depth))
    : targets.map(() => undefined)
  if (depths.length !== branches || targets.length !== branches) {
    const found = depths.length === branches ? targets.length : depths.length
    return { branches: found, depths }
  }
  const deepest = Math.max(...depths.map((depth) => (isCount(depth) ? depth : 0)))
  const written = Math.max(...targets.map((target) => (isArray(target) ? target.length : 0)))
  return {
    branches,
    depths,
    fusion: Array.from({ length: Math.min(written, LARGEST_DEPTH) }, (_, step) =>
      targets.map((target, index) => {
        const row: unknown = isArray(target) ? target[step] : undefined
        return step < deepest
          ? toRow(row, { step, target: index, depths })
          : toUnreadRow(row, index, depths.length)
      }),
    ),
  }
}

/** A short row after the target's depth becomes the identity, within the depth it stays short. */
function toRow(
  row: unknown,
  { step, target, depths }: { step: number; target: number; depths: readonly unknown[] },
): unknown {
  const depth = depths[target]
  const isSpent = typeof depth === 'number' && step >= depth
  const isShort = !isArray(row) || row.length < depths.length
  if (isSpent && isShort) {
    return identityRow(target, depths.length)
  }
  return isArray(row) ? row.map((bit: unknown, source) => (source === target ? Number(bit === 1) : bit)) : row
}

/** No step of the network reads it: only a fusion that somebody meant is worth a warning. */
function toUnreadRow(row: unknown, target: number, branches: number): readonly number[] {
  const isFull = isArray(row) && row.length === branches
  const bits = isFull ? row.map((bit: unknown) => Number(bit === 1)) : []
  return identityRow(target, branches).map((own, source) => Math.max(own, bits[source] ?? 0))
}

function identityRow(target: number, branches: number): number[] {
  return Array.from({ length: branches }, (_, source) => Number(source === target))
}

/** A depth beyond one digit is refused later; it must not size an array here. */
function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST_DEPTH
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}
