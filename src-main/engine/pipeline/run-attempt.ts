import { EngineError, RUN_PHASES } from '../../contract/index.ts'
import type { ComputePlan, RunConfig, RunPhase } from '../../contract/index.ts'
import { toEngineError } from '../../store/storage-error.ts'
import type { RunRecord } from '../../store/run-queries.ts'
import type { Store } from '../../store/store.ts'
import { forgetLibraries } from '../calibration/known-libraries.ts'
import { settlePlan } from '../calibration/settle-plan.ts'
import { countOutputs, requireSetup } from '../configure/search-setup.ts'
import { recordRun } from '../records/record-run.ts'
import { laneNames } from '../search/run-search.ts'
import { PHASES } from './phases.ts'
import { estimateWork } from './progress-model.ts'
import { createProgressTracker } from './progress-tracker.ts'
import { MAIN_LANE } from './run-context.ts'
import type { EngineParts, RunContext } from './run-context.ts'
import { endingOf } from './run-state.ts'
import { storeEnding } from './store-ending.ts'
import type { EndingOptions, StopReason } from './store-ending.ts'

/** So often may one attempt follow another because a checkpoint was lost; each takes up an older one. */
const MOST_RETRAININGS = 4

/**
 * Attempts at a run: the phases that are not done, in order, then the ending. Never rejects; what went wrong is stored with the run.
 * An attempt that finds a needed checkpoint damaged is followed by one that trains it again.
 *
 * @param signal - Its reason is a {@link StopReason}.
 */
export async function runAttempts(
  parts: EngineParts,
  runId: string,
  signal: AbortSignal,
  options: EndingOptions,
): Promise<void> {
  for (let retrainings = 0; ; retrainings += 1) {
    const { reason, lanes } = await runAttempt(parts, runId, signal)
    const isRetraining = reason?.error.code === 'CHECKPOINT' && retrainings < MOST_RETRAININGS
    const ending = isRetraining ? closeAttempt(parts, runId, reason) : reason
    if (ending !== null) {
      await storeEnding(parts, runId, ending, options)
    }
    // They hold what the lost checkpoint was read into.
    await parts.executor.release(lanes)
    if (!isRetraining || ending !== null) {
      return
    }
  }
}

/** @returns why the run is not complete, null if it is; and the workers that the attempt leaves. */
async function runAttempt(
  parts: EngineParts,
  runId: string,
  signal: AbortSignal,
): Promise<{ readonly reason: StopReason | null; readonly lanes: readonly string[] }> {
  let plan: ComputePlan | null = null
  let reason: StopReason | null = null
  try {
    const begun = beginAttempt(parts, runId, signal)
    plan = await settlePlan(parts, begun.run, begun.attempt, signal)
    const context: RunContext = { ...begun, plan }
    recordRun(parts, runId)
    for (const phase of unfinishedPhases(parts.store, runId)) {
      await runPhase(context, phase)
      recordRun(parts, runId)
    }
    completeRun(context)
    recordRun(parts, runId)
  } catch (thrown) {
    reason = explain(thrown, signal)
    if (reason.error.code === 'MISSING_PART') {
      // A backend that was there is gone: nothing that is known of the libraries can be believed.
      forgetLibraries(parts.store.settings)
    }
  }
  return { reason, lanes: [MAIN_LANE, ...laneNames(plan?.searchWorkers ?? 0)] }
}

/** @returns null, or what kept it from being stored. */
function closeAttempt(
  { store, hub, now }: EngineParts,
  runId: string,
  { error }: StopReason,
): StopReason | null {
  try {
    hub.addLog(runId, 'warn', `${error.message} It is trained again now.`)
    hub.flush(runId)
    store.transaction(() => {
      store.attempts.finish(runId, 'crashed', error.message, now())
      store.candidates.returnAllLeases(runId)
    })
    return null
  } catch (thrown) {
    const failure = toEngineError(thrown)
    return { error: failure, ending: endingOf(failure.code) }
  }
}

export function unfinishedPhases(store: Store, runId: string): RunPhase[] {
  const rows = store.phases.list(runId)
  return RUN_PHASES.filter((phase) => !rows.some((row) => row.phase === phase && row.completedAt !== null))
}

interface BegunAttempt extends Omit<RunContext, 'plan'> {
  readonly run: RunRecord
}

function beginAttempt(parts: EngineParts, runId: string, signal: AbortSignal): BegunAttempt {
  const { store, hub, now } = parts
  const run = store.runs.find(runId)
  if (run === null) {
    throw new EngineError('NOT_FOUND', `There is no run ${runId}.`)
  }
  const attempt = run.attempt + 1
  const fromPhase = unfinishedPhases(store, runId)[0] ?? 'report'
  const isTraining = fromPhase === 'teacher' || fromPhase === 'supernet'
  const fromIteration = isTraining ? store.checkpoints.newestIteration(runId, fromPhase) : 0
  const startedAt = now()
  store.transaction(() => {
    store.runs.update(runId, {
      status: 'running',
      phase: fromPhase,
      attempt,
      startedAt: run.startedAt ?? startedAt,
      endedAt: null,
      secondsLeft: null,
      error: null,
    })
    store.attempts.insert(runId, {
      attempt,
      startedAt,
      endedAt: null,
      outcome: 'running',
      reason: null,
      fromPhase,
      fromIteration,
    })
  })
  hub.publishStatus(runId)
  return {
    ...parts,
    run,
    runId,
    attempt,
    signal,
    config: run.config,
    folder: store.paths.runFolder(runId),
    progress: createProgressTracker({ store, hub, runId, work: firstWork(run.config, run.prepared) }),
  }
}

function firstWork(
  config: RunConfig,
  prepared: { readonly dataset: Parameters<typeof estimateWork>[2] } | null,
) {
  const dataset = prepared?.dataset ?? null
  return estimateWork(config, requireSetup(config, countOutputs(config, dataset)), dataset)
}

async function runPhase(context: RunContext, phase: RunPhase): Promise<void> {
  const { store, hub, runId, signal, progress, now } = context
  if (signal.aborted) {
    throw new EngineError('STOPPED', 'Stopped between two phases.')
  }
  // What the phase before still had to say belongs to that phase.
  hub.flush(runId)
  store.runs.update(runId, { phase })
  hub.publishStatus(runId)
  progress.begin(phase)
  try {
    await PHASES[phase](context)
  } finally {
    progress.save()
  }
  store.phases.complete(runId, phase, now())
}

function completeRun({ store, hub, runId, now }: RunContext): void {
  hub.flush(runId)
  store.transaction(() => {
    store.runs.update(runId, { status: 'completed', progress: 1, secondsLeft: null, endedAt: now() })
    store.attempts.finish(runId, 'completed', null, now())
  })
  hub.publishStatus(runId)
}

/** A job that ends because the run was told to stop says STOPPED; why it was told so is in the signal. */
function explain(thrown: unknown, signal: AbortSignal): StopReason {
  const error = toEngineError(thrown)
  if (signal.aborted && (error.code === 'STOPPED' || thrown === signal.reason)) {
    return signal.reason as StopReason
  }
  return { error, ending: endingOf(error.code) }
}
