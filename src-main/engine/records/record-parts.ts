import { z } from 'zod'
import { BACKEND_WISHES, DATASET_FORMATS, ERROR_CODES, taskKindSchema } from '../../contract/index.ts'
import type {
  CandidateOrigin,
  ComputePlan,
  DatasetFacts,
  ErrorInfo,
  PrepareResult,
  Protocol,
  RunAttempt,
  RunEnvironment,
} from '../../contract/index.ts'
import { RUN_PHASES } from '../../contract/index.ts'

/**
 * Shapes of what the records beside the checkpoints hold. A stranger may hand such files in, so every key is named and bounded, and
 * what is not named is refused.
 */
export const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Milliseconds since 1970. */
export const time = count
export const words = z.string().max(20_000)
const lines = z.array(words).max(10_000)
export const fraction = z.number().min(0).max(1)
export const metricsSchema = z.record(z.string().max(200), z.number())

export const errorSchema = z.strictObject({
  code: z.enum(ERROR_CODES),
  message: words,
  details: lines,
}) satisfies z.ZodType<ErrorInfo>

export const protocolSchema = z.strictObject({
  metric: words,
  split: z.enum(['search', 'report', 'imported']),
  samples: count,
  datasetFingerprint: words,
  inputHeight: count,
  inputWidth: count,
  flipTest: z.boolean(),
  boxes: z.enum(['annotated', 'detected']).exactOptional(),
  detectionFile: words.exactOptional(),
  detectionFingerprint: words.exactOptional(),
  detectionThreshold: z.number().exactOptional(),
  pictures: count.exactOptional(),
  scales: words.exactOptional(),
  grouping: words.exactOptional(),
  recalibrationImages: count,
  recalibrationSeed: z.number().int(),
  backend: words,
  latency: z.literal('deployed').exactOptional(),
  searchSeesReport: z.boolean().exactOptional(),
}) satisfies z.ZodType<Protocol>

export const originSchema = z.strictObject({
  operator: z.enum(['stratum', 'reference', 'offspring', 'imported']),
  label: words,
  parents: z.array(words).max(2),
  modulesTaken: z.array(count).max(1000),
  edgesFlipped: count,
}) satisfies z.ZodType<CandidateOrigin>

export const attemptSchema = z.strictObject({
  attempt: count.min(1),
  startedAt: time,
  endedAt: time.nullable(),
  outcome: z.enum(['running', 'completed', 'failed', 'stopped', 'crashed']).nullable(),
  reason: words.nullable(),
  fromPhase: z.enum(RUN_PHASES),
  fromIteration: count,
}) satisfies z.ZodType<RunAttempt>

export const phaseSchema = z.strictObject({
  phase: z.enum(RUN_PHASES),
  /** Clocks that were set back have left negative ones. */
  seconds: z.number(),
  completedAt: time.nullable(),
})

export const environmentSchema = z.strictObject({
  backend: words,
  backendVersion: words,
  device: words,
  refused: lines,
  trainThreads: count,
  searchWorkers: count,
  node: words,
  cores: count,
  codeVersion: words,
}) satisfies z.ZodType<RunEnvironment>

const machineSchema = z.strictObject({ processor: words, cores: count, memoryBytes: count })

/** Without the figures that decided: they belong to the machine, which keeps them by itself. */
export const planSchema = z.strictObject({
  trainThreads: count.min(1).max(1024),
  loaderThreads: count.max(1024),
  searchWorkers: count.min(1).max(1024),
  searchThreads: count.min(1).max(1024),
  backend: z.enum(BACKEND_WISHES),
  origin: z.enum(['measured', 'cached', 'formula']),
  reasons: lines,
  warnings: lines,
  machine: machineSchema,
  decidedAt: time,
  calibration: z.null(),
  loader: z.null(),
  moves: z
    .array(z.strictObject({ attempt: count, at: time, machine: machineSchema, note: words }))
    .max(10_000),
}) satisfies z.ZodType<ComputePlan>

/**
 * What a dataset tells of itself may hold more than the contract names (a skeleton knows its upper joints). More is dropped here, not
 * refused: a run must not be lost for it.
 */
const index = count.max(10_000)
const skeletonSchema = z.object({
  name: words,
  joints: z.array(words).max(1000),
  edges: z.array(z.tuple([index, index])).max(10_000),
  flipPairs: z.array(z.tuple([index, index])).max(1000),
  sides: z.array(z.enum(['left', 'right', 'centre'])).max(1000),
  sigmas: z.array(z.number()).max(1000),
  upperJoints: z.array(index).max(1000).exactOptional(),
  lowerJoints: z.array(index).max(1000).exactOptional(),
})
const classesSchema = z.object({
  names: z.array(words).max(1000),
  palette: z.array(z.string().regex(/^#[0-9a-f]{6}$/i)).max(1000),
  ignoreLabel: z.number().int(),
})

export const datasetFactsSchema = z.object({
  name: words,
  format: z.enum(['drawn', ...DATASET_FORMATS]),
  task: taskKindSchema,
  path: words.nullable(),
  fingerprint: words,
  splits: z.strictObject({ train: count, search: count, report: count }),
  skeleton: skeletonSchema.nullable(),
  classes: classesSchema.nullable(),
  found: lines,
  leftOut: z.array(z.strictObject({ reason: words, count, example: words })).max(10_000),
  warnings: lines,
  searchSeesReport: z.boolean().exactOptional(),
}) satisfies z.ZodType<DatasetFacts>

const point = z.tuple([z.number(), z.number(), z.number()])
/** The window fetches it with its token, so it leads nowhere but to this engine's own pictures. */
const previewPath = z
  .string()
  .regex(/^\/api\/runs\/r-[a-z0-9]{6,24}\/preview\/[\w.-]{1,200}\/(?:image|truth)$/)
const previewSampleSchema = z.object({
  id: words,
  runId: words,
  split: z.enum(['search', 'report']).nullable(),
  width: count,
  height: count,
  imagePath: previewPath,
  truthKeypoints: z.array(point).max(1000).nullable(),
  truthPersons: z.array(z.array(point).max(1000)).max(1000).exactOptional(),
  truthLabelPath: previewPath.nullable(),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable(),
})

export const preparedSchema = z.strictObject({
  dataset: datasetFactsSchema,
  metricName: words,
  baselines: z
    .array(z.strictObject({ name: words, split: z.enum(['search', 'report']), metrics: metricsSchema }))
    .max(100),
  previewSamples: z.array(previewSampleSchema).max(10_000),
}) satisfies z.ZodType<PrepareResult>
