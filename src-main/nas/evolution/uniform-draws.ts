import { genotypeId } from '../genotype.ts'
import type { Genotype } from '../genotype.types.ts'
import type { UniformSource } from '../random.ts'
import { sampleUniform } from '../sampling.ts'
import type { SearchSpace } from '../search-space.ts'

export interface UniformDraws {
  readonly members: readonly { readonly genotype: Genotype; readonly id: string }[]
  readonly tries: number
  /** Of the tries: outside the constraints. */
  readonly outside: number
  /** Of the tries: in the ledger already. */
  readonly known: number
}

/** As many as a child gets from its parents, and as many again from the nearer one of them. */
const UNIFORM_TRIES = 100

/** Draws new genotypes from the whole space, at most 100 tries for each one that is wanted. */
export function drawUniform(
  space: SearchSpace,
  wanted: number,
  random: UniformSource,
  {
    isNew,
    isFeasible,
  }: { readonly isNew: (id: string) => boolean; readonly isFeasible: (genotype: Genotype) => boolean },
): UniformDraws {
  const members = new Map<string, Genotype>()
  const counts = { tries: 0, outside: 0, known: 0 }
  while (members.size < wanted && counts.tries < wanted * UNIFORM_TRIES) {
    counts.tries += 1
    const genotype = sampleUniform(space, random)
    const id = genotypeId(genotype)
    if (!isFeasible(genotype)) {
      counts.outside += 1
    } else if (members.has(id) || !isNew(id)) {
      counts.known += 1
    } else {
      members.set(id, genotype)
    }
  }
  return { members: [...members].map(([id, genotype]) => ({ id, genotype })), ...counts }
}
