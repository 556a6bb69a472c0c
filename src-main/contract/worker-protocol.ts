import type {
  BenchEvaluationJob,
  BenchEvaluationResult,
  BenchJob,
  BenchLoaderJob,
  BenchResult,
  BenchTraceJob,
  BenchTraceResult,
  LoaderPaces,
} from './bench.ts'
import type { BackendRefusal } from './backend-refusal.ts'
import type { CandidateDetails, GenotypeJson, Protocol } from './candidate.ts'
import type { MeasureLoaderJobPart, MeasureLoaderResult } from './compute-plan.ts'
import type { DatasetFormat, RunConfig } from './config.ts'
import type { ErrorInfo } from './error.ts'
import type { LogLevel, MetricPoint, PanelPoint } from './event.ts'
import type { ExportFormat, ExportResult } from './export.ts'
import type { FineTuneResult, FineTuneStage } from './fine-tune.ts'
import type { ForwardJob, ForwardResult } from './forward.ts'
import type { PredictFilesJob, PredictFilesResult } from './predict-files.ts'
import type { PreflightCheck } from './preflight.ts'
import type { Prediction, PreviewProblem, PreviewSample } from './preview.ts'
import type { Baseline, CheckpointProof, DatasetFacts } from './run.ts'

/**
 * Engine and worker talk over the child process channel (advanced serialization). A worker has one job at a time;
 * it stays alive between jobs so that one TensorFlow context serves many. Messages to the worker are commands,
 * messages from it are events in the past tense. Every job message carries the job id.
 */

interface JobBase {
  readonly runId: string
  readonly config: RunConfig
  /** Folder of the run: checkpoints/, preview/, predictions/, logs/ below it belong to the worker of this run. */
  readonly runFolder: string
  /** Folder for caches that several runs may share. */
  readonly cacheFolder: string
  readonly attempt: number
  /** What the run was prepared with: training and scores on other data would not belong to it. Absent before that. */
  readonly preparedDataset?: Pick<DatasetFacts, 'fingerprint' | 'leftOut'>
  /** The checkpoints that the ledger knows. Absent: only the checksums beside the files tell. */
  readonly checkpoints?: readonly CheckpointProof[]
}

/** Validates the dataset, cuts splits, measures baselines, writes the preview pictures and truth. */
export interface PrepareJob extends JobBase {
  readonly kind: 'prepare'
}

/** Runs one batch of every step (read, smallest and largest iteration, recalibrate + evaluate, checkpoint round trip). */
export interface PreflightJob extends JobBase {
  readonly kind: 'preflight'
}

/** Trains the teacher (largest network) or the super-network; starts from the newest checkpoint of that phase, if one is there. */
export interface TrainJob extends JobBase {
  readonly kind: 'train'
  readonly phase: 'teacher' | 'supernet'
  /** Folder of the run whose finished teacher the super-network starts from; default: its own. */
  readonly teacherFolder?: string
  /**
   * Trains this one member alone instead of sampling: from fresh weights, without a teacher, by the settings of the phase. What
   * studies compare inherited weights with.
   */
  readonly subnet?: GenotypeJson
  /** Threads that read batches; 0: the training thread does. Default: by the cores. */
  readonly loaderThreads?: number
}

/** What reading the run's own training images costs; the data set stays open for the next job of the run. */
export interface MeasureLoaderJob extends JobBase, MeasureLoaderJobPart {
  readonly kind: 'measure-loader'
}

export interface CandidateToEvaluate {
  readonly candidateId: string
  readonly genotypeId: string
  readonly genotype: GenotypeJson
}

/** Scores candidates with inherited weights; one `candidate-evaluated` or `candidate-failed` each. */
export interface EvaluateJob extends JobBase {
  readonly kind: 'evaluate'
  readonly candidates: readonly CandidateToEvaluate[]
  readonly split: 'search' | 'report'
  /** False scores with the running statistics of training, and the protocol says 0 recalibration images; default true. */
  readonly recalibrates?: boolean
  /** Whose weights are scored; absent: those inherited from the super-network. */
  readonly weights?: 'teacher'
}

/** Predicts the preview samples with one candidate and writes the label maps below the run folder. */
export interface PredictJob extends JobBase {
  readonly kind: 'predict'
  readonly candidate: CandidateToEvaluate
  /** Empty = all preview samples. */
  readonly sampleIds: readonly string[]
}

/** Writes a candidate as a network of its own, with a card, and measures what was written. */
export interface ExportJob extends JobBase {
  readonly kind: 'export'
  readonly candidate: CandidateDetails
  readonly runName: string
  readonly codeVersion: string
  readonly format: ExportFormat
  /** Leaves out layers that cannot influence the output (method.md 4.4). */
  readonly dropsDeadLayers: boolean
  /** Writes the convolutions with the batch norms folded in, and no norms. Absent = false. */
  readonly foldsNorms?: boolean
  /** Absolute; made if it is not there. */
  readonly outputFolder: string
}

/** Trains a candidate on its own, from its inherited weights (method.md 8.3), and writes it with a card. */
export interface FineTuneJob extends JobBase {
  readonly kind: 'fine-tune'
  readonly candidate: CandidateDetails
  readonly runName: string
  readonly codeVersion: string
  readonly stages: readonly FineTuneStage[]
  /** As of {@link TrainJob}. */
  readonly loaderThreads?: number
  /** Absolute; appears, or is replaced, once everything in it is written. */
  readonly outputFolder: string
}

/** Looks at a dataset folder without a run. */
export interface InspectDatasetJob {
  readonly kind: 'inspect-dataset'
  readonly path: string
  readonly format: DatasetFormat | null
  /** Where what was found out about pictures is kept. */
  readonly cacheFolder?: string
}

export type Job =
  | PrepareJob
  | PreflightJob
  | TrainJob
  | MeasureLoaderJob
  | EvaluateJob
  | PredictJob
  | ExportJob
  | FineTuneJob
  | ForwardJob
  | PredictFilesJob
  | BenchJob
  | BenchTraceJob
  | BenchLoaderJob
  | BenchEvaluationJob
  | InspectDatasetJob

export type ToWorker =
  | { readonly kind: 'run-job'; readonly jobId: string; readonly job: Job }
  /** Ends the job at the next safe point, after a checkpoint; the worker answers `job-failed` with code STOPPED. */
  | { readonly kind: 'stop-job'; readonly jobId: string }
  /** The job comes to rest between two steps, answers `job-paused` and goes on after `resume-job`. */
  | { readonly kind: 'pause-job'; readonly jobId: string }
  | { readonly kind: 'resume-job'; readonly jobId: string }
  | { readonly kind: 'shut-down' }

export interface WorkerReady {
  readonly kind: 'ready'
  readonly backend: string
  readonly backendVersion: string
  readonly device: string
  readonly refused: readonly BackendRefusal[]
  readonly threads: number
  /** Primitives that agreed with float64 loops when the backend was opened. Absent of workers of earlier versions. */
  readonly selfTested?: number
}

/** The worker's last message: it can open none of the backends that it was asked for. */
export interface WorkerRefused {
  readonly kind: 'refused'
  /** At least one. */
  readonly refusals: readonly BackendRefusal[]
}

/** Result values of the job kinds. */
export interface PrepareResult {
  readonly dataset: DatasetFacts
  readonly metricName: string
  readonly baselines: readonly Baseline[]
  readonly previewSamples: readonly PreviewSample[]
}
export interface TrainResult {
  readonly iterations: number
  readonly finalLoss: number
}
export interface EvaluateResult {
  readonly evaluated: number
  /** Convolution multiply-adds of one image: as executed, and if every candidate had been scored alone. */
  readonly macs: number
  readonly separateMacs: number
}
export interface PredictResult {
  readonly predictions: readonly Prediction[]
  readonly problems: readonly PreviewProblem[]
}
export interface PreflightJobResult {
  readonly iterationMsSmallest: number
  readonly iterationMsLargest: number
  readonly evaluationMs: number
  readonly iterationsTeacher: number
  readonly iterationsSupernet: number
  readonly peakMemoryBytes: number
  readonly dataset: DatasetFacts
}
export interface InspectDatasetResult {
  readonly dataset: DatasetFacts
}
export interface JobResults {
  prepare: PrepareResult
  preflight: PreflightJobResult
  train: TrainResult
  'measure-loader': MeasureLoaderResult
  evaluate: EvaluateResult
  predict: PredictResult
  export: ExportResult
  'fine-tune': FineTuneResult
  forward: ForwardResult
  'predict-files': PredictFilesResult
  bench: BenchResult
  'bench-trace': BenchTraceResult
  'bench-loader': LoaderPaces
  'bench-evaluation': BenchEvaluationResult
  'inspect-dataset': InspectDatasetResult
}

export type FromWorker =
  | WorkerReady
  | WorkerRefused
  | { readonly kind: 'job-completed'; readonly jobId: string; readonly result: JobResults[Job['kind']] }
  | { readonly kind: 'job-failed'; readonly jobId: string; readonly error: ErrorInfo }
  | { readonly kind: 'job-paused'; readonly jobId: string }
  /** done/total in the unit of the job: iterations, candidates, samples. */
  | {
      readonly kind: 'progressed'
      readonly jobId: string
      readonly done: number
      readonly total: number
      readonly note: string
    }
  | { readonly kind: 'metrics-recorded'; readonly jobId: string; readonly points: readonly MetricPoint[] }
  | { readonly kind: 'panel-evaluated'; readonly jobId: string; readonly point: PanelPoint }
  | {
      readonly kind: 'checkpoint-written'
      readonly jobId: string
      readonly phase: 'teacher' | 'supernet'
      readonly iteration: number
      readonly bytes: number
      readonly file: string
      readonly weightsSha256: string
      readonly optimizerSha256: string
    }
  /** A checkpoint was damaged or gone when it was needed; what was left of it was set aside. */
  | {
      readonly kind: 'checkpoint-lost'
      readonly jobId: string
      readonly phase: 'teacher' | 'supernet'
      readonly iteration: number
      readonly reason: string
    }
  | {
      readonly kind: 'candidate-evaluated'
      readonly jobId: string
      readonly candidateId: string
      readonly accuracy: number
      readonly metrics: Readonly<Record<string, number>>
      readonly protocol: Protocol
      readonly milliseconds: number
      /** What the score is made of, by picture (`packPictureResults`). */
      readonly pictures?: Uint8Array
    }
  | {
      readonly kind: 'candidate-failed'
      readonly jobId: string
      readonly candidateId: string
      readonly error: ErrorInfo
    }
  | { readonly kind: 'check-finished'; readonly jobId: string; readonly check: PreflightCheck }
  | {
      readonly kind: 'logged'
      readonly jobId: string | null
      readonly level: LogLevel
      readonly message: string
    }
