import { availableParallelism } from 'node:os'
import { describeRefusal, EngineError } from '../../contract/index.ts'
import type { RunPhase, WorkerReady } from '../../contract/index.ts'
import { describeChange, forgetLibraries } from '../calibration/known-libraries.ts'
import { needsTeacher } from '../../nas/distillation-weight.ts'
import { countOutputs, createSearchSetup, requireSetup } from '../configure/search-setup.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import { runReport } from '../search/run-report.ts'
import { runSearch } from '../search/run-search.ts'
import { estimateWork } from './progress-model.ts'
import { jobBase, MAIN_LANE, runPhaseJob } from './run-context.ts'
import type { RunContext } from './run-context.ts'

/** Each phase may be begun again after any interruption; it goes on where its stored results end. */
export const PHASES: Readonly<Record<RunPhase, (context: RunContext) => Promise<void>>> = {
  prepare: runPrepare,
  teacher: runTeacher,
  supernet: (context) => runTraining(context, 'supernet'),
  search: async (context) => {
    await context.executor.release([MAIN_LANE])
    await runSearch(context, readSetup(context))
  },
  report: async (context) => {
    await runReport(context, readSetup(context))
  },
}

/** Validates the dataset, cuts the splits, measures the baselines, writes the preview pictures. */
async function runPrepare(context: RunContext): Promise<void> {
  const { store, hub, runId, config } = context
  const prepared = await runPhaseJob(
    context,
    { ...jobBase(context), kind: 'prepare' },
    { ...mainLane(context), onEvent: reportProgress(context) },
  )
  const { dataset } = prepared
  if (dataset.task !== config.task) {
    throw new EngineError(
      'DATASET',
      `"${dataset.name}" is for ${dataset.task}, the run is for ${config.task}.`,
    )
  }
  const setup = requireSetup(config, countOutputs(config, dataset))
  store.runs.update(runId, { prepared, datasetName: dataset.name, metricName: prepared.metricName })
  context.progress.setWork(estimateWork(config, setup, dataset))
  for (const warning of dataset.warnings) {
    hub.addLog(runId, 'warn', warning)
  }
}

async function runTeacher(context: RunContext): Promise<void> {
  if (needsTeacher(context.config.supernet)) {
    await runTraining(context, 'teacher')
    return
  }
  const message = 'teacher: not trained; the super-network starts fresh and its distillation weight is 0'
  context.hub.addLog(context.runId, 'info', message)
}

async function runTraining(context: RunContext, phase: 'teacher' | 'supernet'): Promise<void> {
  const { hub, runId } = context
  const { iterations, finalLoss } = await runPhaseJob(
    context,
    { ...jobBase(context), kind: 'train', phase, loaderThreads: context.plan.loaderThreads },
    { ...mainLane(context), onEvent: reportProgress(context) },
  )
  hub.addLog(
    runId,
    'info',
    `${phase}: ${String(iterations)} iterations, final loss ${finalLoss.toPrecision(4)}`,
  )
}

/** Space and shape of a prepared run, with the outputs of its dataset. */
export function readSetup({ store, runId, config }: RunContext): SearchSetup {
  return createSearchSetup(config, countOutputs(config, store.runs.find(runId)?.prepared?.dataset ?? null))
}

function mainLane(context: RunContext) {
  return {
    lane: MAIN_LANE,
    threads: context.plan.trainThreads,
    cores: context.plan.trainThreads + context.plan.loaderThreads,
    onReady: (facts: WorkerReady) => {
      recordEnvironment(context, facts)
      verifyLibraries(context, facts)
    },
  }
}

function recordEnvironment({ store, runId, plan, codeVersion }: RunContext, facts: WorkerReady): void {
  const { backend, backendVersion, device, refused, threads } = facts
  store.runs.update(runId, {
    environment: {
      backend,
      backendVersion,
      device,
      refused: refused.map(describeRefusal),
      trainThreads: threads,
      searchWorkers: plan.searchWorkers,
      node: process.versions.node,
      cores: availableParallelism(),
      codeVersion,
    },
  })
}

/** The figures were kept by the files of the libraries; the worker knows what was loaded of them. */
function verifyLibraries({ store, hub, runId, plan }: RunContext, facts: WorkerReady): void {
  const change = describeChange(plan.calibration?.versions, facts)
  if (change !== null) {
    forgetLibraries(store.settings)
    hub.addLog(runId, 'warn', change)
  }
}

function reportProgress({ progress }: RunContext): (event: { readonly kind: string }) => void {
  return (event) => {
    if (isProgress(event)) {
      progress.report(event.done, event.total, event.note)
    }
  }
}

function isProgress(event: { readonly kind: string }): event is {
  readonly kind: 'progressed'
  readonly done: number
  readonly total: number
  readonly note: string
} {
  return event.kind === 'progressed'
}
