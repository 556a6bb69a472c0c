import { z } from 'zod'
import { networkConfigSchema, taskKindSchema } from './config.ts'
import { displayNameSchema } from './display-text.ts'
import type { RunSummary } from './run.ts'

/** Name that an imported run has in place of a preset. */
export const IMPORTED_PRESET = 'imported'

/** Far above the 2,000 of the published search. */
const MOST_CANDIDATES = 200_000

/** A search log of another program, read and checked by the caller; the engine counts costs anew. */
export const importRequestSchema = z.object({
  name: displayNameSchema,
  task: taskKindSchema,
  /** Where it was read, for people. */
  log: z.string().min(1),
  network: networkConfigSchema,
  /** Joints or classes that the costs are counted with. */
  outputs: z.number().int().positive().max(4096),
  candidates: z
    .array(
      z.object({
        /** Of the genotype file. */
        name: z.string().min(1).max(1000),
        genotypeKey: z.string().min(1),
        accuracy: z.number().min(0).max(1),
        warnings: z.array(z.string()),
      }),
    )
    .min(1)
    .max(MOST_CANDIDATES),
  /** Names without a score. */
  unscored: z.array(z.string()),
  /** Lines and files that do not fit, each with the reason. */
  leftOut: z.array(z.string()),
})
export type ImportRequest = z.infer<typeof importRequestSchema>

export interface ImportResult {
  readonly run: RunSummary
  /** False: this log with these genotypes is stored already, and nothing was written. */
  readonly isNew: boolean
}

/** What is known of a run whose scores another program measured. It has no weights and cannot go on. */
export interface ImportedFacts {
  readonly log: string
  /** SHA-256 over task, network, names, genotypes and scores. */
  readonly fingerprint: string
  readonly outputs: number
  readonly unscored: readonly string[]
  readonly leftOut: readonly string[]
  /** "mask_3: the log says 300 multiply-adds / 2^30, ours are 469.762; …" (method.md 7.7: above 0.5 %). */
  readonly warnings: readonly string[]
}
