import { z } from 'zod'
import type { Protocol } from './candidate.ts'
import type { ComputePlan } from './compute-plan.ts'
import type { ConfigSource } from './config-source.ts'
import type { DatasetFormat, RunConfig, TaskKind } from './config.ts'
import { displayNameSchema } from './display-text.ts'
import type { ErrorInfo } from './error.ts'
import type { ImportedFacts } from './import-run.ts'
import type { ReferenceScore } from './reference.ts'

export const runIdSchema = z.string().regex(/^r-[a-z0-9]{6,24}$/, 'a run id looks like r-7f3k9a2m')
export type RunId = string

/** What the form, the CLI and the demo button send. The caller makes the id, so a repeated click is the same run. */
export const runRequestSchema = z.object({
  id: runIdSchema,
  name: displayNameSchema,
  preset: z.string().min(1),
  /** Dotted path → value, applied over the preset: { "search.generations": 3, "dataset.path": "/data/x" }. */
  overrides: z.record(z.string(), z.json()).default({}),
})
export type RunRequest = z.infer<typeof runRequestSchema>

export const RUN_STATUSES = [
  'queued',
  'running',
  'paused',
  'completed',
  'failed',
  'stopped',
  'interrupted',
] as const
export type RunStatus = (typeof RUN_STATUSES)[number]

/** The parts of a run, in order. */
export const RUN_PHASES = ['prepare', 'teacher', 'supernet', 'search', 'report'] as const
export type RunPhase = (typeof RUN_PHASES)[number]

/** Detail of the error of a run whose row in the database cannot be read; nothing but deleting it is possible. */
export const DAMAGED_ROW =
  'Part of it is no JSON. "scalenas restore --from FILE" puts a copy of the database in its place, "scalenas delete" removes the run.'

export interface RunSummary {
  readonly id: RunId
  readonly name: string
  readonly preset: string
  readonly task: TaskKind
  readonly status: RunStatus
  readonly phase: RunPhase | null
  /** 0..1 over the whole run, by measured time per part. */
  readonly progress: number
  /** Seconds until the end at the present pace; null when unknown or not running. */
  readonly secondsLeft: number | null
  /** Index into the run palette (0..7), stored so that one run keeps one colour everywhere. */
  readonly colorIndex: number
  readonly pinned: boolean
  readonly attempt: number
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly datasetName: string
  /** 'PCK@0.2' or 'mIoU'. */
  readonly metricName: string
  readonly bestAccuracy: number | null
  /** How the candidates are scored; null until one is. */
  readonly protocol: Protocol | null
  readonly candidates: number
  readonly error: ErrorInfo | null
}

export interface RunDetails extends RunSummary {
  readonly config: RunConfig
  /** Every key of `config` with the reason for its value. */
  readonly configSources: readonly ConfigSource[]
  /** Where the scores of an imported run come from; null for a run of ours. */
  readonly imported: ImportedFacts | null
  readonly environment: RunEnvironment | null
  /** Null until the first attempt has chosen, and for runs of before this was kept. */
  readonly computePlan: ComputePlan | null
  readonly dataset: DatasetFacts | null
  readonly baselines: readonly Baseline[]
  readonly attempts: readonly RunAttempt[]
  readonly checkpoints: readonly CheckpointRow[]
  /** Wall seconds spent in each part so far, all attempts together. */
  readonly phaseSeconds: Readonly<Partial<Record<RunPhase, number>>>
  /** Report-split scores of front members, filled by the report phase. */
  readonly reportScores: readonly ReportScore[]
  /** The teacher on both splits, filled by the report phase. */
  readonly references: readonly ReferenceScore[]
  readonly folder: string
}

/** A constant answer that any network must beat: the mean training pose, or the most frequent class. */
export interface Baseline {
  readonly name: string
  readonly split: 'search' | 'report'
  readonly metrics: Readonly<Record<string, number>>
}

export interface ReportScore {
  readonly candidateId: string
  readonly genotypeId: string
  readonly split: 'report'
  readonly metrics: Readonly<Record<string, number>>
  /** How it was measured. */
  readonly protocol: Protocol
}

export interface RunAttempt {
  readonly attempt: number
  readonly startedAt: number
  readonly endedAt: number | null
  readonly outcome: 'running' | 'completed' | 'failed' | 'stopped' | 'crashed' | null
  readonly reason: string | null
  /** Phase and iteration at which this attempt took over. */
  readonly fromPhase: RunPhase
  readonly fromIteration: number
}

export interface CheckpointRow {
  readonly phase: 'teacher' | 'supernet'
  readonly iteration: number
  readonly bytes: number
  readonly createdAt: number
  readonly file: string
  /** SHA-256 of both files, in hex; null in runs of before these were kept. */
  readonly weightsSha256: string | null
  readonly optimizerSha256: string | null
}

/** What tells whether the files of a checkpoint are the ones that were written. */
export type CheckpointProof = Pick<CheckpointRow, 'phase' | 'iteration' | 'weightsSha256' | 'optimizerSha256'>

export interface RunEnvironment {
  readonly backend: string
  readonly backendVersion: string
  readonly device: string
  /** Why other backends were not chosen. */
  readonly refused: readonly string[]
  readonly trainThreads: number
  readonly searchWorkers: number
  readonly node: string
  readonly cores: number
  readonly codeVersion: string
}

export interface SkeletonFacts {
  readonly name: string
  readonly joints: readonly string[]
  readonly edges: readonly (readonly [number, number])[]
  readonly flipPairs: readonly (readonly [number, number])[]
  /** Per joint: 'left' | 'right' | 'centre', for overlay colours. */
  readonly sides: readonly ('left' | 'right' | 'centre')[]
  readonly sigmas: readonly number[]
}

export interface ClassFacts {
  readonly names: readonly string[]
  /** '#rrggbb' per class. */
  readonly palette: readonly string[]
  readonly ignoreLabel: number
}

/** What validation found in a dataset. */
export interface DatasetFacts {
  readonly name: string
  readonly format: 'drawn' | DatasetFormat
  readonly task: TaskKind
  readonly path: string | null
  readonly fingerprint: string
  readonly splits: Readonly<Record<'train' | 'search' | 'report', number>>
  readonly skeleton: SkeletonFacts | null
  readonly classes: ClassFacts | null
  /** Human lines: "2,300 persons in 2,300 images", "14 joints (crowdpose14), 12.9 labelled on average". */
  readonly found: readonly string[]
  /** Every reason something was left out, with its count and an example. */
  readonly leftOut: readonly { readonly reason: string; readonly count: number; readonly example: string }[]
  readonly warnings: readonly string[]
  /** Search and report split share pictures, by file or by content; absent = no. */
  readonly searchSeesReport?: boolean
}
