import { blob, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type {
  Calibration,
  CandidateOrigin,
  CandidateState,
  ComputePlan,
  DatasetFacts,
  ErrorInfo,
  GenotypeJson,
  ImportedFacts,
  LoaderCost,
  MetricPoint,
  PanelPoint,
  PictureResults,
  PrepareResult,
  Protocol,
  ReferenceScore,
  RunAttempt,
  RunConfig,
  RunEnvironment,
  RunPhase,
  RunStatus,
  TaskKind,
} from '../contract/index.ts'

/** Tables as the migrations made them; snake_case ends here. Times are milliseconds since 1970. */
export const runs = sqliteTable('runs', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  preset: text('preset').notNull(),
  task: text('task').$type<TaskKind>().notNull(),
  status: text('status').$type<RunStatus>().notNull(),
  phase: text('phase').$type<RunPhase>(),
  progress: real('progress').notNull().default(0),
  secondsLeft: real('seconds_left'),
  colorIndex: integer('color_index').notNull(),
  pinned: integer('pinned', { mode: 'boolean' }).notNull().default(false),
  attempt: integer('attempt').notNull().default(0),
  createdAt: integer('created_at').notNull(),
  startedAt: integer('started_at'),
  endedAt: integer('ended_at'),
  datasetName: text('dataset_name').notNull(),
  metricName: text('metric_name').notNull(),
  error: text('error', { mode: 'json' }).$type<ErrorInfo>(),
  config: text('config', { mode: 'json' }).$type<RunConfig>().notNull(),
  /** Dotted path → value, as the run was asked for; null for runs of before they were kept. */
  overrides: text('overrides', { mode: 'json' }).$type<Readonly<Record<string, unknown>>>(),
  /** Null for a run of ours. */
  imported: text('imported', { mode: 'json' }).$type<ImportedFacts>(),
  environment: text('environment', { mode: 'json' }).$type<RunEnvironment>(),
  /** Threads, workers and backend with the figures that decided; null until the first attempt. */
  computePlan: text('compute_plan', { mode: 'json' }).$type<ComputePlan>(),
  /** What the prepare phase found; null until then. */
  prepared: text('prepared', { mode: 'json' }).$type<PrepareResult>(),
})

export const attempts = sqliteTable(
  'attempts',
  {
    runId: text('run_id').notNull(),
    attempt: integer('attempt').notNull(),
    startedAt: integer('started_at').notNull(),
    endedAt: integer('ended_at'),
    outcome: text('outcome').$type<RunAttempt['outcome']>(),
    reason: text('reason'),
    fromPhase: text('from_phase').$type<RunPhase>().notNull(),
    fromIteration: integer('from_iteration').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.attempt] })],
)

export const phases = sqliteTable(
  'phases',
  {
    runId: text('run_id').notNull(),
    phase: text('phase').$type<RunPhase>().notNull(),
    seconds: real('seconds').notNull().default(0),
    completedAt: integer('completed_at'),
  },
  (table) => [primaryKey({ columns: [table.runId, table.phase] })],
)

export const checkpoints = sqliteTable(
  'checkpoints',
  {
    runId: text('run_id').notNull(),
    phase: text('phase').$type<'teacher' | 'supernet'>().notNull(),
    iteration: integer('iteration').notNull(),
    bytes: integer('bytes').notNull(),
    createdAt: integer('created_at').notNull(),
    file: text('file').notNull(),
    weightsSha256: text('weights_sha256'),
    optimizerSha256: text('optimizer_sha256'),
    lostAt: integer('lost_at'),
  },
  (table) => [primaryKey({ columns: [table.runId, table.phase, table.iteration] })],
)

export const events = sqliteTable('events', {
  seq: integer('seq').primaryKey({ autoIncrement: true }),
  runId: text('run_id').notNull(),
  at: integer('at').notNull(),
  kind: text('kind').notNull(),
  body: text('body', { mode: 'json' }).$type<unknown>().notNull(),
})

export const metrics = sqliteTable(
  'metrics',
  {
    runId: text('run_id').notNull(),
    phase: text('phase').$type<MetricPoint['phase']>().notNull(),
    attempt: integer('attempt').notNull(),
    iteration: integer('iteration').notNull(),
    epoch: real('epoch').notNull(),
    turn: integer('turn').notNull(),
    loss: real('loss').notNull(),
    taskLoss: real('task_loss').notNull(),
    distillationLoss: real('distillation_loss').notNull(),
    learningRate: real('learning_rate').notNull(),
    imagesPerSecond: real('images_per_second').notNull(),
    loaderWait: real('loader_wait').notNull(),
    residentBytes: integer('resident_bytes').notNull(),
    backendBytes: integer('backend_bytes'),
  },
  (table) => [primaryKey({ columns: [table.runId, table.phase, table.attempt, table.iteration] })],
)

export const panels = sqliteTable(
  'panels',
  {
    runId: text('run_id').notNull(),
    phase: text('phase').$type<PanelPoint['phase']>().notNull(),
    attempt: integer('attempt').notNull(),
    iteration: integer('iteration').notNull(),
    scores: text('scores', { mode: 'json' }).$type<PanelPoint['scores']>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.phase, table.attempt, table.iteration] })],
)

export const generations = sqliteTable(
  'generations',
  {
    runId: text('run_id').notNull(),
    generation: integer('generation').notNull(),
    /** State of the search's random numbers after this generation's rows were drawn; plain JSON of nas/random. */
    randomState: text('random_state', { mode: 'json' }).$type<unknown>().notNull(),
    closed: integer('closed', { mode: 'boolean' }).notNull().default(false),
    hypervolume: real('hypervolume'),
    bestAccuracy: real('best_accuracy'),
  },
  (table) => [primaryKey({ columns: [table.runId, table.generation] })],
)

export const candidates = sqliteTable('candidates', {
  id: text('id').primaryKey(),
  runId: text('run_id').notNull(),
  number: integer('number').notNull(),
  generation: integer('generation').notNull(),
  state: text('state').$type<CandidateState>().notNull(),
  genotypeId: text('genotype_id').notNull(),
  genotypeKey: text('genotype_key').notNull(),
  genotype: text('genotype', { mode: 'json' }).$type<GenotypeJson>().notNull(),
  macs: integer('macs').notNull(),
  params: integer('params').notNull(),
  accuracy: real('accuracy'),
  metrics: text('metrics', { mode: 'json' }).$type<Readonly<Record<string, number>>>().notNull(),
  origin: text('origin', { mode: 'json' }).$type<CandidateOrigin>().notNull(),
  /** How often it was leased. */
  attempt: integer('attempt').notNull().default(0),
  /** How often a worker reported that it could not be scored. */
  failures: integer('failures').notNull().default(0),
  /** How often a worker died with it in hand. */
  crashes: integer('crashes').notNull().default(0),
  leaseId: text('lease_id'),
  leaseExpiresAt: integer('lease_expires_at'),
  evaluationMs: real('evaluation_ms'),
  protocol: text('protocol', { mode: 'json' }).$type<Protocol>(),
  error: text('error', { mode: 'json' }).$type<ErrorInfo>(),
})

export const reportScores = sqliteTable(
  'report_scores',
  {
    runId: text('run_id').notNull(),
    candidateId: text('candidate_id').notNull(),
    genotypeId: text('genotype_id').notNull(),
    metrics: text('metrics', { mode: 'json' }).$type<Readonly<Record<string, number>>>().notNull(),
    protocol: text('protocol', { mode: 'json' }).$type<Protocol>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.candidateId] })],
)

/** What scores are made of, compressed; absent of imported scores and of those of before this was kept. */
export const pictureResults = sqliteTable(
  'picture_results',
  {
    runId: text('run_id').notNull(),
    candidateId: text('candidate_id').notNull(),
    split: text('split').$type<'search' | 'report'>().notNull(),
    kind: text('kind').$type<PictureResults['kind']>().notNull(),
    data: blob('data').$type<Uint8Array>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.candidateId, table.split] })],
)

export const referenceScores = sqliteTable(
  'reference_scores',
  {
    runId: text('run_id').notNull(),
    name: text('name').$type<ReferenceScore['name']>().notNull(),
    split: text('split').$type<ReferenceScore['split']>().notNull(),
    genotypeId: text('genotype_id').notNull(),
    macs: integer('macs').notNull(),
    params: integer('params').notNull(),
    iterations: integer('iterations').notNull(),
    metrics: text('metrics', { mode: 'json' }).$type<Readonly<Record<string, number>>>().notNull(),
    protocol: text('protocol', { mode: 'json' }).$type<Protocol>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.name, table.split] })],
)

export const datasets = sqliteTable('datasets', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  path: text('path').notNull(),
  addedAt: integer('added_at').notNull(),
  facts: text('facts', { mode: 'json' }).$type<DatasetFacts>().notNull(),
})

export const settings = sqliteTable('settings', {
  key: text('key').primaryKey(),
  value: text('value', { mode: 'json' }).$type<unknown>().notNull(),
})

/** Figures of this machine, by what they depend on. */
export const calibrations = sqliteTable('calibrations', {
  key: text('key').primaryKey(),
  kind: text('kind').$type<'compute' | 'loader'>().notNull(),
  measuredAt: integer('measured_at').notNull(),
  figures: text('figures', { mode: 'json' }).$type<Calibration | LoaderCost>().notNull(),
})
