import { join } from 'node:path'
import { z } from 'zod'
import { genotypeJsonSchema, runConfigSchema, runIdSchema } from '../../contract/index.ts'
import type { RandomState } from '../../nas/random.ts'
import {
  attemptSchema,
  count,
  environmentSchema,
  errorSchema,
  fraction,
  metricsSchema,
  originSchema,
  phaseSchema,
  planSchema,
  preparedSchema,
  protocolSchema,
  time,
  words,
} from './record-parts.ts'

/** Raised where a file of before can no longer be read as it is. */
export const RECORD_SCHEMA = 1

/** What a run is and how far it came, beside its checkpoints: its database row may be lost. */
export const runRecordSchema = z.strictObject({
  schema: z.literal(RECORD_SCHEMA),
  kind: z.literal('run'),
  codeVersion: words,
  id: runIdSchema,
  name: z.string().trim().min(1).max(80),
  preset: words.min(1),
  seed: count,
  config: runConfigSchema,
  overrides: z.record(z.string().max(500), z.json()).nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  colorIndex: count.max(7),
  pinned: z.boolean(),
  attempt: count,
  datasetName: words,
  metricName: words,
  environment: environmentSchema.nullable(),
  computePlan: planSchema.nullable(),
  prepared: preparedSchema.nullable(),
  attempts: z.array(attemptSchema).max(100_000),
  phases: z.array(phaseSchema).max(5),
})
export type RunRecordFile = z.infer<typeof runRecordSchema>

const candidateSchema = z.strictObject({
  number: count.min(1),
  generation: count,
  /** A lease is of one engine's life, so a record holds none. */
  state: z.enum(['proposed', 'evaluated', 'failed']),
  genotypeId: z.string().regex(/^[0-9a-f]{12}$/),
  genotypeKey: words,
  genotype: genotypeJsonSchema,
  macs: count,
  params: count,
  accuracy: fraction.nullable(),
  metrics: metricsSchema,
  origin: originSchema,
  attempt: count,
  failures: count,
  crashes: count,
  evaluationMs: z.number().nullable(),
  protocol: protocolSchema.nullable(),
  error: errorSchema.nullable(),
})
export type RecordedCandidate = z.infer<typeof candidateSchema>

const uint32 = count.max(2 ** 32 - 1)
const randomStateSchema = z.strictObject({
  algorithm: z.literal('xoshiro128**'),
  words: z
    .tuple([uint32, uint32, uint32, uint32])
    .refine((state) => state.some((word) => word !== 0), 'must not be all zero'),
}) satisfies z.ZodType<RandomState>

/** What a search found. */
export const resultsRecordSchema = z.strictObject({
  schema: z.literal(RECORD_SCHEMA),
  kind: z.literal('results'),
  id: runIdSchema,
  /** `completed` once the report has ended too. */
  status: z.enum(['completed', 'searched']),
  endedAt: time.nullable(),
  generations: z
    .array(
      z.strictObject({
        generation: count,
        randomState: randomStateSchema,
        closed: z.boolean(),
        hypervolume: z.number().nullable(),
        bestAccuracy: fraction.nullable(),
      }),
    )
    .max(100_000),
  candidates: z.array(candidateSchema).max(2_000_000),
  report: z
    .array(
      z.strictObject({
        number: count.min(1),
        genotypeId: words,
        metrics: metricsSchema,
        protocol: protocolSchema,
      }),
    )
    .max(100_000),
  /** What scores are made of, picture by picture, as the database stores it; absent where it would be too long for a file like this. */
  pictures: z
    .array(z.strictObject({ number: count.min(1), split: z.enum(['search', 'report']), data: z.base64() }))
    .max(4_000_000)
    .exactOptional(),
})
export type ResultsRecordFile = z.infer<typeof resultsRecordSchema>

export function runRecordFile(runFolder: string): string {
  return join(runFolder, 'run.json')
}

export function resultsRecordFile(runFolder: string): string {
  return join(runFolder, 'results.json')
}
