import type { Genotype, ModuleGenotype } from './genotype.types.ts'

/**
 * The canonical form (method.md 3.4) of a genotype: exactly max(depths) steps, diagonal 1, rows of exhausted targets identity.
 * Always a deep copy. Idempotent.
 *
 * @param genotype - Depths must be valid; missing steps and entries count as 0, further ones are dropped.
 */
export function canonicalGenotype(genotype: Genotype): Genotype {
  return { modules: genotype.modules.map(canonicalModule) }
}

/** See {@link canonicalGenotype}. */
export function canonicalModule({ depths, fusion }: ModuleGenotype): ModuleGenotype {
  return {
    depths: [...depths],
    fusion: Array.from({ length: Math.max(...depths) }, (_, step) =>
      depths.map((depth, target) =>
        depths.map((_depth, source) => {
          const isSet = source === target || (step < depth && fusion[step]?.[target]?.[source] === 1)
          return isSet ? 1 : 0
        }),
      ),
    ),
  }
}
