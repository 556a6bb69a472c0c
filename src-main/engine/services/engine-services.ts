import type {
  Calibration,
  CandidateDetails,
  CandidateIntervals,
  CandidatePredictions,
  CandidateRow,
  CostEstimate,
  DatasetFacts,
  DatasetFormat,
  DoctorReport,
  ExportFormat,
  ExportResult,
  FineTuneStatus,
  GenerationRow,
  ImportRequest,
  ImportResult,
  LogLine,
  MetricPoint,
  OwnPicture,
  OwnPictureAnswer,
  PanelPoint,
  PictureBox,
  PreflightResult,
  Preset,
  PreviewSample,
  PublishedResults,
  RegisteredDataset,
  RunDetails,
  RunEvent,
  RunRequest,
  RunSummary,
  SystemStatus,
} from '../../contract/index.ts'

/**
 * What the engine offers, by noun. Routers put it on the wire, the command line calls it in its own process or
 * through a client of the same shape; neither can tell which. Every method may reject with an EngineError.
 */
export interface EngineServices {
  readonly system: SystemService
  readonly presets: PresetsService
  readonly published: PublishedService
  readonly datasets: DatasetsService
  readonly runs: RunsService
  readonly candidates: CandidatesService
  readonly preview: PreviewService
  readonly pictures: PicturesService
}

export interface SystemService {
  status(): Promise<SystemStatus>
  doctor(): Promise<DoctorReport>
  /** Measures threads and workers anew for the networks of these presets. */
  calibrate(presets: readonly string[]): Promise<readonly Calibration[]>
  /** Makes a new token; it lies in the data folder and is told to nobody. Every connection has to come again. */
  renewToken(): Promise<void>
}

export interface PresetsService {
  list(): Promise<readonly Preset[]>
}

export interface PublishedService {
  list(): Promise<PublishedResults>
}

export interface DatasetFolder {
  readonly path: string
  /** Null: found out from the folder. */
  readonly format: DatasetFormat | null
}

export interface DatasetsService {
  list(): Promise<readonly RegisteredDataset[]>
  inspect(folder: DatasetFolder): Promise<DatasetFacts>
  add(folder: DatasetFolder & { readonly name?: string | undefined }): Promise<RegisteredDataset>
  remove(id: string): Promise<void>
}

export interface MetricsQuery {
  readonly sinceIteration: number
  /** Points are thinned evenly per curve until at most this many are left. */
  readonly maxPoints: number
}

export interface EventsQuery {
  /** Null: all runs, but only `status-changed` and `progressed`. */
  readonly runId: string | null
  /** Everything after this sequence number is replayed first; null starts with what happens next. */
  readonly afterSeq: number | null
  readonly signal: AbortSignal
}

export interface RunsService {
  list(): Promise<readonly RunSummary[]>
  get(id: string): Promise<RunDetails>
  preflight(request: RunRequest): Promise<PreflightResult>
  estimate(request: RunRequest): Promise<CostEstimate>
  start(request: RunRequest): Promise<RunSummary>
  /** A search log of another program as a run of its own; the same content again is the same run. */
  import(request: ImportRequest): Promise<ImportResult>
  stop(id: string): Promise<RunSummary>
  resume(id: string): Promise<RunSummary>
  rename(id: string, name: string): Promise<RunSummary>
  pin(id: string, pinned: boolean): Promise<RunSummary>
  delete(id: string): Promise<void>
  metrics(
    id: string,
    query: MetricsQuery,
  ): Promise<{ readonly points: readonly MetricPoint[]; readonly panels: readonly PanelPoint[] }>
  log(id: string, limit: number): Promise<readonly LogLine[]>
  /** Ends when the signal aborts or the engine closes. */
  events(query: EventsQuery): AsyncIterable<RunEvent>
}

export interface ExportRequest {
  readonly id: string
  readonly format: ExportFormat
  readonly dropsDeadLayers: boolean
  readonly foldsNorms?: boolean
}

export interface CandidatesService {
  list(
    runId: string,
  ): Promise<{ readonly rows: readonly CandidateRow[]; readonly generations: readonly GenerationRow[] }>
  get(id: string): Promise<CandidateDetails>
  /** How certain the scores of front members and reference rows are, and so the order of the front. */
  intervals(runId: string, split: 'search' | 'report'): Promise<CandidateIntervals>
  predict(id: string, sampleIds: readonly string[]): Promise<CandidatePredictions>
  export(request: ExportRequest): Promise<ExportResult>
  /** Starts it, or joins the one under way, and answers at once. */
  fineTune(request: { readonly id: string; readonly epochs: number }): Promise<FineTuneStatus>
  fineTuning(id: string): Promise<FineTuneStatus>
  /** Answers when it has ended. */
  stopFineTuning(id: string): Promise<FineTuneStatus>
}

export interface PreviewService {
  samples(runId: string): Promise<readonly PreviewSample[]>
}

export interface PictureQuestion {
  readonly candidateId: string
  readonly pictureId: string
  /** Of pose: where the person is; null takes the whole picture. */
  readonly box: PictureBox | null
}

/** Pictures of the user's own. They come in by HTTP (server/picture-routes.ts), since a browser knows no path. */
export interface PicturesService {
  /** Newest first. */
  list(runId: string): Promise<readonly OwnPicture[]>
  predict(question: PictureQuestion): Promise<OwnPictureAnswer>
  remove(runId: string, pictureId: string): Promise<void>
}
