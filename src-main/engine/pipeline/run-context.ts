import { join } from 'node:path'
import type {
  ComputePlan,
  Job,
  JobResults,
  RunConfig,
  RunEnvironment,
  WorkerReady,
} from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import type { EventHub } from '../events/event-hub.ts'
import type { Executor, JobEvent, JobOptions } from '../executors/executor.ts'
import type { ProgressTracker } from './progress-tracker.ts'
import { recordCheckpoint, recordLoss } from './record-checkpoint.ts'

/** What the engine's parts share. */
export interface EngineParts {
  readonly store: Store
  readonly hub: EventHub
  readonly executor: Executor
  readonly codeVersion: string
  readonly now: () => number
  /** Threads and workers of new runs are chosen by measurement; default: by the number of cores. */
  readonly calibrates?: boolean
}

/** One attempt at one run, as its phases see it. */
export interface RunContext extends EngineParts {
  readonly runId: string
  readonly config: RunConfig
  /** Backend, threads and workers of every attempt. */
  readonly plan: ComputePlan
  readonly attempt: number
  readonly folder: string
  readonly progress: ProgressTracker
  /** Aborts when the run is to stop. */
  readonly signal: AbortSignal
}

/** Workers of a run's phases; several search workers have a number behind. */
export const MAIN_LANE = 'main'
/** Previews and checks of datasets, beside a run that trains. */
export const INTERACTIVE_LANE = 'interactive'
/** Fine-tunes, one after another; in a lane of their own so that previews do not wait for them. */
export const FINE_TUNE_LANE = 'fine-tune'

export function searchLane(index: number): string {
  return `search-${String(index)}`
}

/** Search workers take the cards in turn; the other lanes see all of them and compute on the first. */
function gpuOfLane(lane: string): Pick<JobOptions, 'gpu'> {
  const number = /^search-(\d+)$/.exec(lane)?.[1]
  return number === undefined ? {} : { gpu: Number(number) }
}

/** The part that every job of a run has. */
export function jobBase(context: Pick<RunContext, 'runId' | 'config' | 'folder' | 'attempt' | 'store'>) {
  const dataset = context.store.runs.find(context.runId)?.prepared?.dataset
  return {
    runId: context.runId,
    config: context.config,
    runFolder: context.folder,
    cacheFolder: context.store.paths.cache,
    attempt: context.attempt,
    checkpoints: context.store.checkpoints.proofs(context.runId),
    ...(dataset === undefined
      ? {}
      : { preparedDataset: { fingerprint: dataset.fingerprint, leftOut: dataset.leftOut } }),
  }
}

export interface RunJobOptions extends Pick<JobOptions, 'lane' | 'threads' | 'cores' | 'signal'> {
  readonly onEvent?: (event: JobEvent) => void
  readonly onReady?: (facts: WorkerReady) => void
}

/** Runs a job of a run; what every phase tells (curves, checkpoints, log lines) is stored here. */
export function runPhaseJob<J extends Job>(
  context: RunContext,
  job: J,
  options: RunJobOptions,
): Promise<JobResults[J['kind']]> {
  return context.executor.runJob(job, {
    backend: chooseBackend({
      ...{ config: context.config, computePlan: context.plan },
      environment: context.store.runs.find(context.runId)?.environment ?? null,
    }),
    logFolder: join(context.folder, 'logs'),
    signal: options.signal ?? context.signal,
    lane: options.lane,
    threads: options.threads,
    ...(options.cores === undefined ? {} : { cores: options.cores }),
    ...gpuOfLane(options.lane),
    onEvent: (event) => {
      recordJobEvent(context, event)
      options.onEvent?.(event)
    },
    ...(options.onReady === undefined ? {} : { onReady: options.onReady }),
  })
}

/**
 * `auto` is settled by the first attempt: scores of two backends may not share a front, so a resume takes the same one
 * or fails by name.
 */
export function chooseBackend({
  config,
  environment,
  computePlan,
}: {
  readonly config: RunConfig
  readonly environment: RunEnvironment | null
  readonly computePlan: ComputePlan | null
}): RunConfig['compute']['backend'] {
  const planned = computePlan?.backend ?? 'auto'
  if (config.compute.backend === 'auto' && planned !== 'auto') {
    return planned
  }
  const used = environment?.backend
  if (config.compute.backend !== 'auto' || used === undefined) {
    return config.compute.backend
  }
  return (['wasm', 'webgpu'] as const).find((name) => used.startsWith(name)) ?? 'tensorflow'
}

/** What one search worker takes: workers that were asked for beyond the cores share them, as asked. */
export function coresOfSearchWorker({
  searchWorkers,
  searchThreads,
  machine,
  moves,
}: Pick<ComputePlan, 'searchWorkers' | 'searchThreads' | 'machine' | 'moves'>): number {
  const { cores } = moves.at(-1)?.machine ?? machine
  return Math.min(searchThreads, cores / searchWorkers)
}

function recordJobEvent(context: RunContext, event: JobEvent): void {
  const { hub, runId } = context
  switch (event.kind) {
    case 'metrics-recorded':
      hub.addMetrics(runId, event.points)
      return
    case 'panel-evaluated':
      hub.addPanel(runId, event.point)
      return
    case 'checkpoint-written':
      recordCheckpoint(context, event)
      return
    case 'checkpoint-lost':
      recordLoss(context, event)
      return
    case 'logged':
      hub.addLog(runId, event.level, event.message)
      return
    case 'progressed':
    case 'candidate-evaluated':
    case 'candidate-failed':
    case 'check-finished':
      // The phase that asked for them counts or stores them.
      return
    default: {
      const unknown: never = event
      throw new TypeError(`unknown worker event ${JSON.stringify(unknown)}`)
    }
  }
}
