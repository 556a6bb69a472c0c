import type {
  CandidateIntervals,
  CandidateRow,
  MemberInterval,
  MetricPoint,
  Preset,
  Protocol,
  RunDetails,
  RunSummary,
} from '../../../../src-main/contract/index.ts'
import { presetSchema } from '../../../../src-main/contract/index.ts'
import microPose from '../../../../resources/presets/micro-pose.json' with { type: 'json' }

export const RUN_ID = 'r-sample01'

export function samplePreset(): Preset {
  return presetSchema.parse(microPose)
}

export const PROTOCOL: Protocol = {
  metric: 'PCK@0.2',
  split: 'search',
  samples: 100,
  datasetFingerprint: 'drawn',
  inputHeight: 64,
  inputWidth: 64,
  flipTest: false,
  recalibrationImages: 128,
  recalibrationSeed: 1,
  backend: 'tensorflow',
}

export function sampleCandidate(number: number, changes: Partial<CandidateRow> = {}): CandidateRow {
  return {
    id: `${RUN_ID}:${String(number)}`,
    runId: RUN_ID,
    number,
    generation: 0,
    state: 'evaluated',
    genotypeId: `genotype${String(number)}`,
    macs: number * 1_000_000,
    params: 50_000,
    accuracy: number / 100,
    metrics: {},
    origin: { operator: 'stratum', label: '', parents: [], modulesTaken: [], edgesFlipped: 0 },
    attempt: 1,
    evaluationMs: 500,
    protocol: PROTOCOL,
    error: null,
    ...changes,
  }
}

export function sampleSummary(changes: Partial<RunSummary> = {}): RunSummary {
  return {
    id: RUN_ID,
    name: 'sample',
    preset: 'micro-pose',
    task: 'pose',
    status: 'running',
    phase: 'supernet',
    progress: 0.4,
    secondsLeft: 60,
    colorIndex: 0,
    pinned: false,
    attempt: 1,
    createdAt: 1_000,
    startedAt: 2_000,
    endedAt: null,
    datasetName: 'Drawn people',
    metricName: 'PCK@0.2',
    bestAccuracy: null,
    protocol: null,
    candidates: 0,
    error: null,
    ...changes,
  }
}

export function sampleDetails(changes: Partial<RunDetails> = {}): RunDetails {
  return {
    ...sampleSummary(),
    config: samplePreset().config,
    configSources: [],
    imported: null,
    environment: null,
    computePlan: null,
    dataset: null,
    baselines: [],
    attempts: [],
    checkpoints: [],
    phaseSeconds: {},
    reportScores: [],
    references: [],
    folder: '/data/runs/sample',
    ...changes,
  }
}

export function sampleMetric(iteration: number, changes: Partial<MetricPoint> = {}): MetricPoint {
  return {
    phase: 'supernet',
    attempt: 1,
    iteration,
    epoch: iteration / 10,
    turn: iteration % 2,
    loss: 1 / (iteration + 1),
    taskLoss: 1,
    distillationLoss: 0,
    learningRate: 1e-3,
    imagesPerSecond: 100,
    loaderWait: 0,
    residentBytes: 1e8,
    backendBytes: null,
    ...changes,
  }
}

/** Of members by number. */
export function sampleIntervals(
  split: 'search' | 'report',
  members: readonly Pick<MemberInterval, 'number' | 'low' | 'high' | 'notApartFrom'>[],
): CandidateIntervals {
  return {
    ...{ split, level: 0.95, resamples: 1000, pictures: 100, levels: [], reportAgrees: null },
    members: members.map((member) => ({
      ...{ ...member, candidateId: `${RUN_ID}:${String(member.number)}`, isFront: true },
      accuracy: (member.low + member.high) / 2,
    })),
  }
}
