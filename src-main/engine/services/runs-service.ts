import { existsSync } from 'node:fs'
import { access, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EngineError, POSE_METRIC_NAMES, RUN_PHASES } from '../../contract/index.ts'
import type {
  CheckpointRow,
  ConfigSources,
  CostEstimate,
  Preset,
  PreflightResult,
  RunConfig,
  RunDetails,
  RunPhase,
  RunRequest,
  RunSummary,
} from '../../contract/index.ts'
import { measureDisk } from '../../store/data-folder.ts'
import type { RunRecord } from '../../store/run-queries.ts'
import { readKeptFigures } from '../calibration/kept-times.ts'
import { importedSources, sourceConfig } from '../configure/config-sources.ts'
import { estimateCost } from '../configure/estimate-cost.ts'
import { freezeConfig } from '../configure/freeze-config.ts'
import { countOutputs, requireSetup } from '../configure/search-setup.ts'
import { runPreflight } from '../pipeline/preflight.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { assertTransition } from '../pipeline/run-state.ts'
import type { Scheduler } from '../pipeline/scheduler.ts'
import { recordRun } from '../records/record-run.ts'
import { answer } from './answer.ts'
import type { RunsService } from './engine-services.ts'
import { importRun } from './import-run.ts'
import type { FineTuning } from './fine-tuning.ts'

/** Until the prepare phase has said what it measures. */
function metricNameOf({ task, pose }: RunConfig): string {
  switch (task) {
    case 'pose':
      return POSE_METRIC_NAMES[pose.metric ?? 'pck']
    case 'segmentation':
      return 'mIoU'
    case 'bottom-up-pose':
      return 'OKS AP'
    default:
      return task satisfies never
  }
}

/** A long run has a million points; in steps of this size the engine answers in between. */
const ROWS_PER_STEP = 5000

export interface RunsServiceParts extends EngineParts {
  readonly scheduler: Scheduler
  readonly presets: readonly Preset[]
  readonly sources: ConfigSources
  readonly fineTuning: Pick<FineTuning, 'isBusyWith'>
}

export function createRunsService(parts: RunsServiceParts): RunsService {
  const { store, hub, scheduler, presets } = parts
  return {
    list: () => answer(() => store.runs.summaries()),
    get: (id) => readDetails(parts, id),
    preflight: async (request) => preflight(parts, request),
    async estimate(request): Promise<CostEstimate> {
      const config = freezeConfig(presets, request)
      const { free } = await measureDisk(store.paths.root)
      const dataset = findRegistered(parts, config)?.facts ?? null
      const calibrated = readKeptFigures(parts, config).estimate(dataset)
      return estimateCost(config, requireSetup(config, guessOutputs(parts, config)), free, {
        preflight: null,
        calibrated,
      })
    },
    start: (request) => answer(() => startRun(parts, request)),
    import: (request) => answer(() => importRun(parts, request)),
    async stop(id) {
      refuseImported(requireRun(parts, id), 'stop')
      await scheduler.stop(id)
      return requireSummary(parts, id)
    },
    resume: (id) => answer(() => resumeRun(parts, id)),
    rename: (id, name) => answer(() => updateRun(parts, id, { name })),
    pin: (id, pinned) => answer(() => updateRun(parts, id, { pinned })),
    delete: (id) => deleteRun(parts, id),
    metrics: (id, { sinceIteration, maxPoints }) =>
      answer(() => {
        requireRun(parts, id)
        hub.flushForReader(id)
        return {
          points: store.metrics.sample(id, sinceIteration, maxPoints),
          panels: store.metrics.panels(id, sinceIteration),
        }
      }),
    log: (id, limit) =>
      answer(() => {
        requireRun(parts, id)
        hub.flushForReader(id)
        return store.events.log(id, limit)
      }),
    events: (query) => hub.subscribe(query),
  }
}

/** A second call with the same id is the same run, so that a repeated click starts nothing twice. */
function startRun(parts: RunsServiceParts, request: RunRequest): RunSummary {
  const { store, hub, scheduler, presets, now } = parts
  const existing = store.runs.summary(request.id)
  if (existing !== null) {
    return existing
  }
  const config = freezeConfig(presets, request)
  requireSetup(config, guessOutputs(parts, config))
  const registered = findRegistered(parts, config)
  store.runs.insert({
    id: request.id,
    name: request.name,
    config,
    overrides: request.overrides,
    createdAt: now(),
    datasetName: registered?.name ?? config.dataset.path ?? 'Drawn figures',
    metricName: metricNameOf(config),
  })
  hub.publishStatus(request.id)
  scheduler.enqueue(request.id)
  return requireSummary(parts, request.id)
}

function preflight(parts: RunsServiceParts, request: RunRequest): Promise<PreflightResult> {
  const config = freezeConfig(parts.presets, request)
  const isBusy = parts.scheduler.runningIds.length > 0
  return runPreflight(parts, { runId: request.id, config, isBusy })
}

/** Joints or classes of a dataset that was added before, else the default of the task. */
function guessOutputs(parts: RunsServiceParts, config: RunConfig): number {
  return countOutputs(config, findRegistered(parts, config)?.facts ?? null)
}

function findRegistered({ store }: RunsServiceParts, { dataset }: RunConfig) {
  return dataset.path === undefined || dataset.source === 'drawn'
    ? null
    : store.datasets.findByPath(dataset.path)
}

async function readDetails(parts: RunsServiceParts, id: string): Promise<RunDetails> {
  const { store } = parts
  const run = requireRun(parts, id)
  const folder = store.paths.runFolder(id)
  const checkpoints = await listPresentCheckpoints(store.checkpoints.list(id), folder)
  const phaseSeconds: Partial<Record<RunPhase, number>> = {}
  const measured = new Map(store.phases.list(id).map(({ phase, seconds }) => [phase, seconds]))
  for (const phase of RUN_PHASES) {
    const seconds = measured.get(phase)
    if (seconds !== undefined) {
      phaseSeconds[phase] = seconds
    }
  }
  return {
    ...requireSummary(parts, id),
    config: run.config,
    configSources:
      run.imported === null ? sourceConfig(run, parts.presets, parts.sources) : importedSources(run.config),
    imported: run.imported,
    environment: run.environment,
    computePlan: run.computePlan,
    dataset: run.prepared?.dataset ?? null,
    baselines: run.prepared?.baselines ?? [],
    attempts: store.attempts.list(id),
    checkpoints,
    phaseSeconds,
    reportScores: store.candidates.reportScores(id),
    references: store.references.list(id),
    folder,
  }
}

/** The worker keeps the newest checkpoints and removes older ones; a file may also be gone by hand. */
async function listPresentCheckpoints(
  rows: readonly CheckpointRow[],
  folder: string,
): Promise<CheckpointRow[]> {
  const present = await Promise.all(
    rows.map(async (row) => {
      try {
        await access(resolve(folder, row.file))
        return [row]
      } catch {
        // Gone: there is nothing to resume from, so it is not shown.
        return []
      }
    }),
  )
  return present.flat()
}

async function deleteRun(parts: RunsServiceParts, id: string): Promise<void> {
  const { store, hub, fineTuning } = parts
  const { status, pinned } = requireSummary(parts, id)
  if (status === 'running' || status === 'queued' || status === 'paused') {
    throw new EngineError('CONFLICT', `Run ${id} is ${status}; stop it before deleting it.`)
  }
  if (pinned) {
    throw new EngineError('CONFLICT', `Run ${id} is pinned; unpin it before deleting it.`)
  }
  if (fineTuning.isBusyWith(id)) {
    throw new EngineError(
      'CONFLICT',
      `A network of run ${id} is being fine-tuned; stop that before deleting the run.`,
    )
  }
  await rm(store.paths.runFolder(id), { recursive: true, force: true })
  hub.forget(id)
  while (store.runs.deleteSome(id, ROWS_PER_STEP)) {
    await nextTurn()
  }
  store.runs.delete(id)
}
function resumeRun(parts: RunsServiceParts, id: string): RunSummary {
  const { store, hub, scheduler } = parts
  const run = requireRun(parts, id)
  refuseImported(run, 'resume')
  const { status } = run
  // One that waits since another engine was here only has to be put in line again.
  if (status !== 'queued') {
    if (status === 'completed') {
      reopenLost(parts, id)
    }
    assertTransition(id, status, 'queued')
    store.runs.update(id, { status: 'queued', error: null, endedAt: null })
    hub.publishStatus(id)
  }
  scheduler.enqueue(id)
  return requireSummary(parts, id)
}

/**
 * A run that is complete may go on where its super-network is lost: it is trained again, scores and front stay.
 * @throws EngineError CONFLICT if nothing is lost.
 */
function reopenLost({ store, now }: RunsServiceParts, id: string): void {
  const last = store.checkpoints.list(id).findLast(({ phase }) => phase === 'supernet')
  if (last === undefined || existsSync(resolve(store.paths.runFolder(id), last.file))) {
    throw new EngineError('CONFLICT', `Run ${id} is complete; there is nothing to resume.`)
  }
  store.transaction(() => {
    store.checkpoints.markLost(id, last, now())
    store.phases.reopen(id, 'supernet')
  })
}

function updateRun(
  parts: RunsServiceParts,
  id: string,
  patch: { readonly name: string } | { readonly pinned: boolean },
): RunSummary {
  requireRun(parts, id)
  parts.store.runs.update(id, patch)
  recordRun(parts, id)
  parts.hub.publishStatus(id)
  return requireSummary(parts, id)
}

/** @throws EngineError CONFLICT for a run that another program made: it has candidates and scores, but no data and no weights. */
export function refuseImported({ id, imported }: Pick<RunRecord, 'id' | 'imported'>, verb: string): void {
  if (imported !== null) {
    throw new EngineError(
      'CONFLICT',
      `Run ${id} is imported from ${imported.log}: it has scores but no data and no weights, so there is nothing to ${verb}.`,
    )
  }
}

export function requireRun({ store }: Pick<EngineParts, 'store'>, id: string): RunRecord {
  const run = store.runs.find(id)
  if (run === null) {
    throw new EngineError('NOT_FOUND', `There is no run ${id}.`)
  }
  return run
}

function requireSummary({ store }: EngineParts, id: string): RunSummary {
  const summary = store.runs.summary(id)
  if (summary === null) {
    throw new EngineError('NOT_FOUND', `There is no run ${id}.`)
  }
  return summary
}
