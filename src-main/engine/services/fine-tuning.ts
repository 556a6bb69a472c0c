import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, toErrorInfo } from '../../contract/index.ts'
import type {
  CandidateDetails,
  ErrorInfo,
  FineTuneProgress,
  FineTuneRecord,
  FineTuneResult,
  FineTuneStage,
  FineTuneStatus,
} from '../../contract/index.ts'
import type { RunRecord } from '../../store/run-queries.ts'
import { shareByFormula } from '../calibration/core-shares.ts'
import { readMachine } from '../calibration/machine-facts.ts'
import { chooseBackend, FINE_TUNE_LANE, jobBase } from '../pipeline/run-context.ts'
import type { EngineParts } from '../pipeline/run-context.ts'

/** method.md 8.3: three quarters of the epochs at the first rate, the rest at the second. */
const FIRST_RATE = 1e-4
const SECOND_RATE = 1e-5
const FIRST_SHARE = 0.75

export interface FineTuneOrder {
  readonly run: RunRecord
  readonly candidate: CandidateDetails
}

/** Fine-tunes under way, one for each genotype of a run; what is finished lies in the run's folder. */
export interface FineTuning {
  /** Starts it, or joins the one under way. */
  start(order: FineTuneOrder, epochs: number): Promise<FineTuneStatus>
  status(order: FineTuneOrder): Promise<FineTuneStatus>
  /** Resolves once the worker has let go of it. */
  stop(order: FineTuneOrder): Promise<FineTuneStatus>
  isBusyWith(runId: string): boolean
}

interface Active {
  readonly runId: string
  readonly controller: AbortController
  /** Never rejects. */
  readonly ended: Promise<void>
  progress: FineTuneProgress
}

export function createFineTuning(parts: EngineParts): FineTuning {
  const active = new Map<string, Active>()
  const errors = new Map<string, ErrorInfo>()
  const status = async (order: FineTuneOrder): Promise<FineTuneStatus> => {
    const key = keyOf(order)
    const result = await readResult(outputFolder(parts, order))
    return { running: active.get(key)?.progress ?? null, error: errors.get(key) ?? null, result }
  }
  const begin = (order: FineTuneOrder, epochs: number): void => {
    const key = keyOf(order)
    const controller = new AbortController()
    errors.delete(key)
    const entry: Active = {
      runId: order.run.id,
      controller,
      progress: { done: 0, total: 0, note: 'waiting for a worker' },
      ended: runJob(parts, order, {
        stages: fineTuneStages(epochs),
        signal: controller.signal,
        onProgress: (progress) => {
          entry.progress = progress
        },
      }).then(
        () => {
          active.delete(key)
        },
        (thrown: unknown) => {
          errors.set(key, toErrorInfo(thrown))
          active.delete(key)
        },
      ),
    }
    active.set(key, entry)
  }
  return {
    status,
    start(order, epochs) {
      requirePose(order.run)
      if (!active.has(keyOf(order))) {
        begin(order, epochs)
      }
      return status(order)
    },
    async stop(order) {
      const entry = active.get(keyOf(order))
      entry?.controller.abort()
      await entry?.ended
      return status(order)
    },
    isBusyWith: (runId) => [...active.values()].some((entry) => entry.runId === runId),
  }
}

/** 20 epochs are 15 at 1e-4 and 5 at 1e-5. */
export function fineTuneStages(epochs: number): readonly FineTuneStage[] {
  const first = Math.ceil(epochs * FIRST_SHARE)
  const stages = [
    { epochs: first, learningRate: FIRST_RATE },
    { epochs: epochs - first, learningRate: SECOND_RATE },
  ]
  return stages.filter((stage) => stage.epochs > 0)
}

function requirePose({ id, config }: RunRecord): void {
  if (config.task === 'segmentation') {
    throw new EngineError(
      'BAD_REQUEST',
      `Run ${id} is a segmentation run, and its networks are shipped with their inherited weights: in the paper, training alone ` +
        'brought them nothing (80.5 mIoU inherited, 80.2 and 80.4 trained). Only pose networks are fine-tuned.',
    )
  }
}

interface JobRequest {
  readonly stages: readonly FineTuneStage[]
  readonly signal: AbortSignal
  readonly onProgress: (progress: FineTuneProgress) => void
}

async function runJob(
  parts: EngineParts,
  order: FineTuneOrder,
  { stages, signal, onProgress }: JobRequest,
): Promise<void> {
  const { store, executor, codeVersion } = parts
  const { run, candidate } = order
  const folder = store.paths.runFolder(run.id)
  const { trainThreads, loaderThreads } = run.computePlan ?? shareByFormula(run.config, readMachine().cores)
  await executor.runJob(
    {
      kind: 'fine-tune',
      ...jobBase({ runId: run.id, config: run.config, folder, attempt: run.attempt, store }),
      candidate,
      runName: run.name,
      codeVersion,
      stages,
      loaderThreads,
      outputFolder: outputFolder(parts, order),
    },
    {
      lane: FINE_TUNE_LANE,
      threads: trainThreads,
      cores: trainThreads + loaderThreads,
      backend: chooseBackend(run),
      logFolder: join(folder, 'logs'),
      signal,
      onEvent: (event) => {
        if (event.kind === 'progressed') {
          onProgress({ done: event.done, total: event.total, note: event.note })
        } else if (event.kind === 'logged') {
          parts.hub.addLog(run.id, event.level, event.message)
        }
      },
    },
  )
}

function keyOf({ run, candidate }: FineTuneOrder): string {
  return `${run.id}/${candidate.genotypeId}`
}

function outputFolder({ store }: EngineParts, { run, candidate }: FineTuneOrder): string {
  return join(store.paths.runFolder(run.id), 'finetuned', candidate.genotypeId)
}

/** The folder appears as a whole, so a record that is there is complete. */
async function readResult(folder: string): Promise<FineTuneResult | null> {
  try {
    const record = JSON.parse(await readFile(join(folder, 'fine-tune.json'), 'utf8')) as FineTuneRecord
    return { ...record, folder }
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') {
      return null
    }
    throw new EngineError('STORAGE', `The fine-tune in ${folder} cannot be read: ${String(thrown)}`)
  }
}
