import {
  describeReferenceGap,
  listReferenceGaps,
  meanLoaderWait,
  protocolText,
  showField,
} from '../contract/index.ts'
import type {
  Baseline,
  CandidateIntervals,
  CandidateRow,
  MetricPoint,
  Protocol,
  ReferenceGap,
  ReferenceScore,
  ReportScore,
  RunDetails,
  RunPhase,
  RunStatus,
  TaskKind,
} from '../contract/index.ts'
import type { EngineServices } from '../engine/services/engine-services.ts'
import { paretoFront } from '../nas/pareto/pareto-front.ts'
import { describeOrder, findInterval, numberText, scoreText } from './describe-intervals.ts'
import type { CertainOrder, OrderedMember } from './describe-intervals.ts'

export interface FrontMember extends OrderedMember {
  readonly genotypeId: string
  readonly candidateId: string
  readonly macs: number
  readonly params: number
}

/** The JSON of `run`, `resume` and `show`. */
export interface RunResult {
  readonly runId: string
  readonly status: RunStatus
  readonly task: TaskKind
  readonly front: readonly FrontMember[]
  readonly order: CertainOrder
  readonly hypervolume: number | null
  readonly baselines: readonly Baseline[]
  readonly reportScores: readonly ReportScore[]
  /** The teacher, scored as the candidates are. */
  readonly references: readonly ReferenceScore[]
  /** What inheriting costs, where a candidate of the same architecture was scored alike. */
  readonly referenceGaps: readonly ReferenceGap[]
  readonly secondsPerPart: Readonly<Partial<Record<RunPhase, number>>>
  readonly backend: string | null
  readonly protocol: Protocol | null
  /** Share of the training time spent waiting for pictures, 0..1, of each phase that trained. */
  readonly loaderWait: Readonly<Partial<Record<TrainingPhase, number>>>
  /** What is wrong with the data: splits that share pictures, unknown left and right, … */
  readonly warnings: readonly string[]
  readonly error: RunDetails['error']
}

export async function readResult(services: EngineServices, runId: string): Promise<RunResult> {
  const details = await services.runs.get(runId)
  const { rows, generations } = await services.candidates.list(runId)
  const { points } = await services.runs.metrics(runId, { sinceIteration: 0, maxPoints: MOST_POINTS })
  const intervals = {
    search: await services.candidates.intervals(runId, 'search'),
    report: await services.candidates.intervals(runId, 'report'),
  }
  const { levels, reportAgrees } = intervals.search
  const { status, task, baselines, reportScores, phaseSeconds, environment, error, dataset } = details
  const { references } = details
  return {
    runId,
    ...{ status, task },
    front: paretoFront(rows).map((row) => toMember(row, reportScores, intervals)),
    order: { levels, reportLevels: intervals.report.levels, reportAgrees },
    hypervolume: generations.findLast((row) => row.hypervolume !== null)?.hypervolume ?? null,
    baselines,
    reportScores,
    references,
    referenceGaps: listReferenceGaps(references, rows, reportScores),
    secondsPerPart: phaseSeconds,
    backend: environment?.backend ?? null,
    protocol: rows.find((row) => row.protocol !== null)?.protocol ?? null,
    loaderWait: loaderWaits(points),
    warnings: dataset?.warnings ?? [],
    error,
  }
}

type TrainingPhase = MetricPoint['phase']

/** Enough for a mean; the rest of the points is thinned evenly. */
const MOST_POINTS = 2000

function loaderWaits(points: readonly MetricPoint[]): RunResult['loaderWait'] {
  const phases: readonly TrainingPhase[] = ['teacher', 'supernet']
  return Object.fromEntries(
    phases.flatMap((phase) => {
      const share = meanLoaderWait(points.filter((point) => point.phase === phase))
      return share === null ? [] : [[phase, share]]
    }),
  )
}

type Intervals = Readonly<Record<'search' | 'report', CandidateIntervals>>

function toMember(
  row: CandidateRow,
  scores: readonly ReportScore[],
  { search, report }: Intervals,
): FrontMember {
  return {
    number: row.number,
    genotypeId: row.genotypeId,
    candidateId: row.id,
    accuracy: row.accuracy ?? 0,
    macs: row.macs,
    params: row.params,
    report: scores.find((score) => score.candidateId === row.id)?.metrics ?? null,
    interval: findInterval(search, row.id),
    reportInterval: findInterval(report, row.id),
  }
}

/** The same for people. */
export function describeResult(result: RunResult, metricName: string): string {
  const header = ['number', 'genotype', 'MMACs', 'params', `${metricName} search`, `${metricName} report`]
  const lines = result.front.map((member) => [
    numberText(member.number),
    member.genotypeId,
    (member.macs / 1e6).toFixed(2),
    member.params.toLocaleString('en'),
    scoreText(member.accuracy, member.interval),
    scoreText(member.report?.['accuracy'] ?? null, member.reportInterval),
  ])
  const seconds = Object.entries(result.secondsPerPart).map(
    ([phase, value]) => `${phase} ${value.toFixed(0)} s`,
  )
  const baselines = result.baselines.map(
    ({ name, split, metrics }) =>
      `baseline ${name} (${split}): ${Object.entries(metrics)
        .filter(([metric]) => !isDetail(metric))
        .map(([metric, value]) => `${metric} ${value.toFixed(4)}`)
        .join(', ')}`,
  )
  return [
    `run ${result.runId}: ${result.status}`,
    ...(lines.length === 0 ? [] : formatTable([header, ...lines])),
    ...describeOrder(result.front, result.order),
    ...describeProtocols(result),
    ...(result.hypervolume === null ? [] : [`hypervolume ${result.hypervolume.toFixed(4)}`]),
    ...result.referenceGaps.map(describeReferenceGap),
    ...baselines,
    ...(seconds.length === 0 ? [] : [seconds.join(', ')]),
    ...(result.backend === null ? [] : [`backend ${result.backend}`]),
    ...Object.entries(result.loaderWait).map(
      ([phase, share]) => `${phase} waited for pictures ${(100 * share).toFixed(1)}% of the time`,
    ),
    ...result.warnings.map((warning) => `warning: ${warning}`),
  ].join('\n')
}

/** How the two columns of the front were measured; scores of one split that were not measured alike are named each. */
function describeProtocols({ protocol, reportScores, task }: RunResult): string[] {
  const reports = new Map(reportScores.map((score) => [JSON.stringify(score.protocol), score.protocol]))
  return [...(protocol === null ? [] : [protocol]), ...reports.values()].map(
    (one) => `${one.metric}: ${protocolText(one, task)}`,
  )
}

/** Per joint or class ("joint left hip"): in the JSON, too long for a line. */
function isDetail(metric: string): boolean {
  return metric.includes(' ')
}

/** Columns aligned by spaces; the first to the left, numbers to the right. */
export function formatTable(given: readonly (readonly string[])[]): string[] {
  // A line feed in a name would forge a row.
  const rows = given.map((row) => row.map(showField))
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
}
