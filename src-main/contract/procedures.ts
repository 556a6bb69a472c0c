import { z } from 'zod'
import { datasetFormatSchema } from './config.ts'
import { displayNameSchema } from './display-text.ts'
import { EXPORT_FORMATS } from './export.ts'
import { importRequestSchema } from './import-run.ts'
import { FINE_TUNE_EPOCHS, MOST_FINE_TUNE_EPOCHS } from './fine-tune.ts'
import { runIdSchema, runRequestSchema } from './run.ts'

const pictureIdSchema = z.string().regex(/^[0-9a-f]{12}$/, 'twelve hex digits')
const side = z.number().positive('a box has a width and a height above 0')
/** x, y, width, height in pixels. */
const pictureBoxSchema = z.tuple([z.number(), z.number(), side, side])

/**
 * Inputs of every remote call, by `noun.verb`. Outputs are the interfaces named in the comment; the router of the engine
 * must have exactly these procedures, and the renderer derives its client from the router's type.
 *
 *   system.status   query        → SystemStatus
 *   system.doctor   query        → DoctorReport
 *   system.calibrate mutation    → readonly Calibration[]     (measures threads and workers anew; CONFLICT while a run is at work)
 *   system.renewToken mutation   → void                        (the old token ends at once, also that of open connections)
 *   presets.list    query        → readonly Preset[]
 *   published.list  query        → PublishedResults           (reference points of method.md part 10)
 *   datasets.list   query        → readonly RegisteredDataset[]
 *   datasets.inspect mutation    → DatasetFacts                (validates a folder; EngineError DATASET when unusable)
 *   datasets.add    mutation     → RegisteredDataset
 *   datasets.remove mutation     → void                        (forgets it; images stay)
 *   runs.list       query        → readonly RunSummary[]       (newest first)
 *   runs.get        query        → RunDetails
 *   runs.preflight  mutation     → PreflightResult             (same request as start; nothing is stored)
 *   runs.estimate   query        → CostEstimate                (by formula and kept calibrations, answers at once)
 *   runs.start      mutation     → RunSummary                  (idempotent by id)
 *   runs.import     mutation     → ImportResult                (a search log of another program, as a run of its own; idempotent by content)
 *   runs.stop       mutation     → RunSummary                  (after a checkpoint)
 *   runs.resume     mutation     → RunSummary
 *   runs.rename     mutation     → RunSummary
 *   runs.pin        mutation     → RunSummary
 *   runs.delete     mutation     → void                        (CONFLICT while running or pinned)
 *   runs.metrics    query        → { points: readonly MetricPoint[]; panels: readonly PanelPoint[] }
 *   runs.log        query        → readonly LogLine[]
 *   runs.events     subscription → tracked RunEvent            (one run, or all with runId null)
 *   candidates.list query        → { rows: readonly CandidateRow[]; generations: readonly GenerationRow[] }
 *   candidates.get  query        → CandidateDetails
 *   candidates.intervals query   → CandidateIntervals          (bootstrap over pictures of front members and reference rows)
 *   candidates.predict mutation  → CandidatePredictions        (runs a short job when not yet predicted)
 *   candidates.export mutation   → ExportResult                (writes below the run's folder; CONFLICT before the super-network is trained)
 *   candidates.fineTune mutation → FineTuneStatus             (starts it, or joins the one under way; pose only)
 *   candidates.fineTuning query → FineTuneStatus              (progress while it runs, then both scores)
 *   candidates.stopFineTuning mutation → FineTuneStatus       (what was stored before stays)
 *   preview.samples query        → readonly PreviewSample[]
 *   pictures.list   query        → readonly OwnPicture[]       (newest first; they come by POST /api/runs/{run}/pictures?name=…)
 *   pictures.predict mutation    → OwnPictureAnswer            (exports the candidate first, once; DATASET when the picture cannot be used)
 *   pictures.remove mutation     → void
 */
export const procedureInputs = {
  'system.calibrate': z.object({ networks: z.array(z.string().min(1)).min(1).max(20) }),
  'datasets.inspect': z.object({
    path: z.string().min(1),
    format: datasetFormatSchema.nullable().default(null),
  }),
  'datasets.add': z.object({
    path: z.string().min(1),
    format: datasetFormatSchema.nullable().default(null),
    name: displayNameSchema.optional(),
  }),
  'datasets.remove': z.object({ id: z.string() }),
  'runs.get': z.object({ id: runIdSchema }),
  'runs.preflight': runRequestSchema,
  'runs.estimate': runRequestSchema,
  'runs.start': runRequestSchema,
  'runs.import': importRequestSchema,
  'runs.stop': z.object({ id: runIdSchema }),
  'runs.resume': z.object({ id: runIdSchema }),
  'runs.rename': z.object({ id: runIdSchema, name: displayNameSchema }),
  'runs.pin': z.object({ id: runIdSchema, pinned: z.boolean() }),
  'runs.delete': z.object({ id: runIdSchema }),
  'runs.metrics': z.object({
    id: runIdSchema,
    sinceIteration: z.number().int().min(0).default(0),
    maxPoints: z.number().int().min(10).max(100_000).default(6000),
  }),
  'runs.log': z.object({ id: runIdSchema, limit: z.number().int().min(1).max(5000).default(500) }),
  'runs.events': z.object({ runId: runIdSchema.nullable(), lastEventId: z.string().nullish() }),
  'candidates.list': z.object({ runId: runIdSchema }),
  'candidates.get': z.object({ id: z.string() }),
  'candidates.intervals': z.object({ runId: runIdSchema, split: z.enum(['search', 'report']) }),
  'candidates.predict': z.object({ id: z.string(), sampleIds: z.array(z.string()).default([]) }),
  'candidates.export': z.object({
    id: z.string(),
    format: z.enum(EXPORT_FORMATS).default('safetensors'),
    dropsDeadLayers: z.boolean().default(false),
    foldsNorms: z.boolean().default(false),
  }),
  'candidates.fineTune': z.object({
    id: z.string(),
    epochs: z.number().int().min(1).max(MOST_FINE_TUNE_EPOCHS).default(FINE_TUNE_EPOCHS),
  }),
  'candidates.fineTuning': z.object({ id: z.string() }),
  'candidates.stopFineTuning': z.object({ id: z.string() }),
  'preview.samples': z.object({ runId: runIdSchema }),
  'pictures.list': z.object({ runId: runIdSchema }),
  'pictures.predict': z.object({
    candidateId: z.string(),
    pictureId: pictureIdSchema,
    box: pictureBoxSchema.nullable().default(null),
  }),
  'pictures.remove': z.object({ runId: runIdSchema, pictureId: pictureIdSchema }),
} as const

export interface LogLine {
  readonly at: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
}
