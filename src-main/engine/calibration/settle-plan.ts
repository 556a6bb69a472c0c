import { performance } from 'node:perf_hooks'
import type { ComputeMove, ComputePlan, MachineFacts } from '../../contract/index.ts'
import type { RunRecord } from '../../store/run-queries.ts'
import { jobBase, MAIN_LANE } from '../pipeline/run-context.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { choosePlan, planByFormula } from './choose-plan.ts'
import type { PlanSurroundings } from './choose-plan.ts'
import { describeOversubscription, wishedShares } from './core-shares.ts'
import { openKnownLibraries } from './known-libraries.ts'
import { describeMachine, isSameMachine, readLoad, readMachine } from './machine-facts.ts'
import { openWorkerProbe } from './worker-probe.ts'

/** How long the first reading of training images may take; the second one takes less. */
const READING_SECONDS = 0.6

/**
 * The plan of a run's attempt. The first attempt chooses; every later one keeps what the first chose, because sums of other thread
 * counts and backends differ in their last bits. Another machine is told of and recorded; threads that it does not have are given up.
 *
 * @param attempt - Counts from 1. @throws EngineError STOPPED.
 */
export async function settlePlan(
  parts: EngineParts,
  run: RunRecord,
  attempt: number,
  signal: AbortSignal,
): Promise<ComputePlan> {
  const { store, hub, now } = parts
  const machine = readMachine()
  const kept = run.computePlan ?? rebuildPlan(run, machine, now())
  if (kept !== null) {
    const plan = movePlan(kept, { attempt, at: now(), machine, config: run.config })
    if (plan.moves.length > kept.moves.length) {
      hub.addLog(run.id, 'warn', plan.moves.at(-1)?.note ?? '')
    }
    store.runs.update(run.id, { computePlan: plan })
    return plan
  }
  const plan =
    parts.calibrates === true
      ? await choosePlan(run.config, createSurroundings(parts, run, attempt, signal))
      : planByFormula(run.config, machine, now(), 'calibration is turned off')
  store.runs.update(run.id, { computePlan: plan })
  for (const reason of plan.reasons) {
    hub.addLog(run.id, 'info', reason)
  }
  for (const warning of plan.warnings) {
    hub.addLog(run.id, 'warn', warning)
  }
  return plan
}

/** Of a run that began before plans were kept: its first attempt is in the environment. */
function rebuildPlan(
  { config, environment }: RunRecord,
  machine: MachineFacts,
  now: number,
): ComputePlan | null {
  if (environment === null) {
    return null
  }
  const plan = planByFormula(config, machine, now, 'as in an earlier attempt')
  const { trainThreads, searchWorkers, cores } = environment
  return {
    ...plan,
    ...{ trainThreads, searchWorkers, searchThreads: 1 },
    loaderThreads: trainThreads >= cores ? Math.min(1, plan.loaderThreads) : plan.loaderThreads,
  }
}

interface Arrival extends Omit<ComputeMove, 'note'> {
  readonly config: RunRecord['config']
}

/** The same plan on the same machine; elsewhere with a note, and within that machine's cores. */
export function movePlan(plan: ComputePlan, { attempt, at, machine, config }: Arrival): ComputePlan {
  const from = plan.moves.at(-1)?.machine ?? plan.machine
  if (isSameMachine(from, machine)) {
    return plan
  }
  const wished = wishedShares(config)
  const { cores } = machine
  const loaderThreads =
    wished.loaderThreads || Math.min(plan.loaderThreads, Math.max(0, cores - (wished.trainThreads || 1)))
  const trainThreads = wished.trainThreads || Math.min(plan.trainThreads, Math.max(1, cores - loaderThreads))
  const searchThreads = wished.searchThreads || Math.min(plan.searchThreads, cores)
  const searchWorkers =
    wished.searchWorkers || Math.min(plan.searchWorkers, Math.max(1, Math.floor(cores / searchThreads)))
  const shares = { trainThreads, loaderThreads, searchWorkers, searchThreads }
  const isKept = trainThreads === plan.trainThreads && searchThreads === plan.searchThreads
  const note = [
    `Attempt ${String(attempt)} is on another machine (${describeMachine(machine)}; before: ${describeMachine(from)}).`,
    isKept
      ? 'It keeps backend and threads, but another processor may round differently: numbers from here on need not be those of an undisturbed run to the last bit.'
      : `It has fewer cores, so training takes ${String(trainThreads)} instead of ${String(plan.trainThreads)} threads and search workers ${String(searchThreads)} instead of ${String(plan.searchThreads)}: numbers from here on differ in their last bits from those of an undisturbed run.`,
  ].join(' ')
  return {
    ...{ ...plan, ...shares },
    warnings: describeOversubscription(shares, cores),
    moves: [...plan.moves, { attempt, at, machine, note }],
  }
}

function createSurroundings(
  parts: EngineParts,
  run: RunRecord,
  attempt: number,
  signal: AbortSignal,
): PlanSurroundings {
  const { store, executor, codeVersion, now, hub } = parts
  const folder = store.paths.runFolder(run.id)
  return {
    ...{ codeVersion, now, calibrations: store.calibrations },
    libraries: openKnownLibraries(store.settings),
    machine: readMachine(),
    load: readLoad,
    openProbe: (representative) => {
      hub.addLog(
        run.id,
        'info',
        `Threads and workers are chosen by the pace of ${representative.name} on this machine`,
      )
      return openWorkerProbe(representative, { executor, signal, now: () => performance.now() })
    },
    async measureLoader(config, backend) {
      // In the lane of the run, with one thread as most plans have: the data set is then open for the next job.
      const result = await executor.runJob(
        {
          ...jobBase({ runId: run.id, config, folder, attempt, store }),
          ...{ kind: 'measure-loader', seconds: READING_SECONDS },
        },
        { lane: MAIN_LANE, threads: 1, backend, logFolder: null, onEvent: () => undefined, signal },
      )
      return { images: result.images, millisecondsPerImage: meanReading(config, result) }
    },
  }
}

/** Drawn pictures are drawn once and kept; those of a folder may be too many to be kept, so they count as read anew each time. */
export function meanReading(
  { dataset, supernet }: Pick<RunRecord['config'], 'dataset' | 'supernet'>,
  {
    images,
    firstMilliseconds,
    againMilliseconds,
  }: { readonly images: number; readonly firstMilliseconds: number; readonly againMilliseconds: number },
): number {
  const newShare = dataset.source === 'drawn' ? Math.min(1, 1 / supernet.epochs) : 1
  return (newShare * firstMilliseconds + (1 - newShare) * againMilliseconds) / images
}
