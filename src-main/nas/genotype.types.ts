import type { TaskKind } from './search-space.ts'

/** Choices of one module in canonical form (method.md 3.4). */
export interface ModuleGenotype {
  /** Residual blocks per branch, shape [branches]. */
  readonly depths: readonly number[]
  /**
   * 0 or 1, shape [max(depths), branches, branches], indices [step][target][source]. The diagonal is 1; the row of a target whose
   * depth is used up is the identity.
   */
  readonly fusion: readonly (readonly (readonly number[])[])[]
}

/** The structured choice for one architecture, no weights: one entry per module, in the order of `SearchSpace.modules`. */
export interface Genotype {
  readonly modules: readonly ModuleGenotype[]
}

/** The canonical JSON of method.md 3.4. Width and task are context, not identity. */
export interface GenotypeJson {
  task: TaskKind
  width: number
  maxDepth: number
  stages: { name: string; modules: { branches: number; depths: number[]; fusion: number[][][] }[] }[]
}
