import { z } from 'zod'

/** A depth is one digit of the genotype key. */
const LARGEST_DEPTH = 9
/** The largest space has 3 stages of at most 8 modules; what is beyond these bounds fits no space. */
const MOST_STAGES = 16
const MOST_MODULES = 64

/**
 * What is read of a genotype file before its space is known: the layout and the deepest choice. Depths and fusions are for the validation
 * against that space, which names each of them.
 */
export const genotypeFileSchema = z.object({
  width: z.number().int().positive().max(4096).optional(),
  maxDepth: z.number().int().min(1).max(LARGEST_DEPTH).optional(),
  stages: z
    .array(z.object({ modules: z.array(z.object({ branches: z.number().optional() })).max(MOST_MODULES) }))
    .max(MOST_STAGES),
})
export type GenotypeFile = z.infer<typeof genotypeFileSchema>
