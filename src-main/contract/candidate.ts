import { z } from 'zod'
import { taskKindSchema } from './config.ts'
import type { ErrorInfo } from './error.ts'

export type CandidateState = 'proposed' | 'leased' | 'evaluated' | 'failed'

/** How a score was measured. Two candidates share a front only if their protocol keys are equal. */
export interface Protocol {
  readonly metric: string
  /** `imported`: scored by another program. How is not recorded; numbers that would say it are 0. */
  readonly split: 'search' | 'report' | 'imported'
  readonly samples: number
  readonly datasetFingerprint: string
  readonly inputHeight: number
  readonly inputWidth: number
  readonly flipTest: boolean
  /** Where person crops come from, of scores by AP; absent: annotated boxes. */
  readonly boxes?: 'annotated' | 'detected'
  /** Of detected boxes: name and fingerprint of the file, the score that they have at least, and the pictures that they lie in. */
  readonly detectionFile?: string
  readonly detectionFingerprint?: string
  readonly detectionThreshold?: number
  readonly pictures?: number
  /** Scales of the input that the answers are summed over, '0.5, 1, 1.5'; absent: the input alone. */
  readonly scales?: string
  /** Of bottom-up pose: 'joints above 0.1, tags within 1, at most 30 persons'. */
  readonly grouping?: string
  readonly recalibrationImages: number
  readonly recalibrationSeed: number
  readonly backend: string
  /** Where the run measures latency: of which form of the network. Absent: none, or with norms and dead layers, as before. */
  readonly latency?: 'deployed'
  /** True where the search and the report split share pictures, so that reported scores helped to choose. Absent = false. */
  readonly searchSeesReport?: boolean
}

export type CandidateOperator = 'stratum' | 'reference' | 'offspring' | 'imported'

export interface CandidateOrigin {
  readonly operator: CandidateOperator
  /** 'p=0.5 depths 2-3' for a stratum, 'smallest' | 'hrnet' | 'largest' for a reference row, the name in its log for an imported one, else ''. */
  readonly label: string
  readonly parents: readonly string[]
  /** Indices of modules taken from the second parent. */
  readonly modulesTaken: readonly number[]
  readonly edgesFlipped: number
}

/** Name among a candidate's metrics: median milliseconds of one forward pass of one image, where the run measures it. */
export const LATENCY_METRIC = 'latencyMs'

/** A row of the candidate ledger as the UI sees it. Numbers are null until evaluated. */
export interface CandidateRow {
  /** `${runId}:${number}`; `number` counts from 1 within the run, shown as #0012. */
  readonly id: string
  readonly runId: string
  readonly number: number
  readonly generation: number
  readonly state: CandidateState
  readonly genotypeId: string
  readonly macs: number
  readonly params: number
  /** In [0, 1]. */
  readonly accuracy: number | null
  /** Further metrics of the same evaluation (per joint, per class, loss). */
  readonly metrics: Readonly<Record<string, number>>
  readonly origin: CandidateOrigin
  readonly attempt: number
  readonly evaluationMs: number | null
  readonly protocol: Protocol | null
  readonly error: ErrorInfo | null
}

export interface CandidateDetails extends CandidateRow {
  /** Canonical genotype JSON of method.md 3.4. */
  readonly genotype: GenotypeJson
}

export const genotypeJsonSchema = z.object({
  task: taskKindSchema,
  width: z.number().int().positive(),
  maxDepth: z.number().int().min(1).max(9),
  stages: z.array(
    z.object({
      name: z.string(),
      modules: z.array(
        z.object({
          branches: z.number().int(),
          depths: z.array(z.number()),
          /** fusion[step][target][source]. */
          fusion: z.array(z.array(z.array(z.number()))),
        }),
      ),
    }),
  ),
})
export type GenotypeJson = z.infer<typeof genotypeJsonSchema>

export interface GenerationRow {
  readonly generation: number
  readonly proposed: number
  readonly evaluated: number
  readonly failed: number
  readonly closed: boolean
  /** Normalised hypervolume (method.md 7.5) of everything evaluated up to and including this generation. */
  readonly hypervolume: number | null
  readonly bestAccuracy: number | null
}
