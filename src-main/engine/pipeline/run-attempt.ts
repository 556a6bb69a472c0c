import { setTimeout as sleep } from 'node:timers/promises'
import { EngineError, RUN_PHASES, toErrorInfo } from '../../contract/index.ts'
import type { ComputePlan, RunConfig, RunPhase } from '../../contract/index.ts'
import { toEngineError } from '../../store/storage-error.ts'
import type { RunRecord } from '../../store/run-queries.ts'
import type { Store } from '../../store/store.ts'
import { forgetLibraries } from '../calibration/known-libraries.ts'
import { settlePlan } from '../calibration/settle-plan.ts'
import { countOutputs, requireSetup } from '../configure/search-setup.ts'
import { laneNames } from '../search/run-search.ts'
import { PHASES } from './phases.ts'
import { estimateWork } from './progress-model.ts'
import { createProgressTracker } from './progress-tracker.ts'
import { MAIN_LANE } from './run-context.ts'
import type { EngineParts, RunContext } from './run-context.ts'
import { endingOf } from './run-state.ts'
import type { Ending } from './run-state.ts'

/** Why a run was told to stop, as the reason of its abort signal. */
export interface StopReason {
  readonly error: EngineError
  readonly ending: Ending
}

/** A database on a full disk takes the ending once there is space again. */
const ENDING_RETRY_MS = 1000

/**
 * One attempt: the phases that are not done, in order, then the ending. Never rejects; what went wrong is stored with the run.
 * @param signal - Its reason is a {@link StopReason}.
 */
export async function runAttempt(parts: EngineParts, runId: string, signal: AbortSignal): Promise<void> {
  let hasBegun = false
  let plan: ComputePlan | null = null
  try {
    const begun = beginAttempt(parts, runId, signal)
    hasBegun = true
    plan = await settlePlan(parts, begun.run, begun.attempt, signal)
    const context: RunContext = { ...begun, plan }
    for (const phase of unfinishedPhases(parts.store, runId)) {
      await runPhase(context, phase)
    }
    completeRun(context)
  } catch (thrown) {
    const reason = explain(thrown, signal)
    if (reason.error.code === 'MISSING_PART') {
      // A backend that was there is gone: nothing that is known of the libraries can be believed.
      forgetLibraries(parts.store.settings)
    }
    await storeEnding(parts, runId, hasBegun, reason)
  }
  await parts.executor.release([MAIN_LANE, ...laneNames(plan?.searchWorkers ?? 0)])
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
    progress: createProgressTracker({ store, hub, runId, work: firstWork(run.config, run.prepared) }, now),
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

async function storeEnding(
  { store, hub, now }: EngineParts,
  runId: string,
  hasBegun: boolean,
  { error, ending }: StopReason,
): Promise<void> {
  for (;;) {
    try {
      hub.addLog(runId, ending.status === 'stopped' ? 'info' : 'error', error.message)
      // Progress that still waits would write its seconds left over the ending.
      hub.flush(runId)
      store.transaction(() => {
        const isOnRequest = ending.status === 'stopped'
        store.runs.update(runId, {
          status: ending.status,
          secondsLeft: null,
          endedAt: now(),
          error: isOnRequest ? null : toErrorInfo(error),
        })
        store.attempts.finish(runId, ending.outcome, error.message, now())
        store.candidates.returnAllLeases(runId)
      })
      hub.publishStatus(runId)
      return
    } catch (thrown) {
      // Only the disk can be in the way here; the run shows as running until it can be written.
      process.stderr.write(`run ${runId}: its ending cannot be stored yet: ${String(thrown)}\n`)
      if (!hasBegun) {
        return
      }
      await sleep(ENDING_RETRY_MS)
    }
  }
}
