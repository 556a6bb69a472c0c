import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type {
  ErrorCode,
  PreflightCheck,
  PreflightJobResult,
  PreflightResult,
  RunConfig,
} from '../../contract/index.ts'
import { measureDisk, proveWritable } from '../../store/data-folder.ts'
import { toEngineError } from '../../store/storage-error.ts'
import { CONFIG_PATHS } from '../configure/config-sources.ts'
import { estimateCost } from '../configure/estimate-cost.ts'
import { readKeptFigures } from '../calibration/kept-times.ts'
import type { KeptFigures } from '../calibration/kept-times.ts'
import { countOutputs, createSearchSetup, listSetupProblems } from '../configure/search-setup.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import { INTERACTIVE_LANE, MAIN_LANE } from './run-context.ts'
import type { EngineParts } from './run-context.ts'

export interface PreflightRequest {
  readonly runId: string
  readonly config: RunConfig
  /** Another run trains: the checks then share the machine with it and take one thread. */
  readonly isBusy: boolean
}

/**
 * Looks for everything that would end a run later: space and bounds, data folder and disk, then one batch of every step in a worker.
 * Nothing is stored. A problem is a check that failed, not an error.
 * @throws EngineError BAD_REQUEST when layout or input size give no network at all, so that not even a cost can be told.
 */
export async function runPreflight(parts: EngineParts, request: PreflightRequest): Promise<PreflightResult> {
  const { config } = request
  const problems = listSetupProblems(config, countOutputs(config, null))
  const setup = createSetupOrRefuse(config, problems)
  const { free } = await measureDisk(parts.store.paths.root)
  const figures = readKeptFigures(parts, config)
  const cost = estimateCost(config, setup, free, { preflight: null, calibrated: figures.estimate(null) })
  const checks: PreflightCheck[] = [
    ...(problems.length === 0 ? [passed('Search space', describeSpace(cost.log10SpaceSize))] : []),
    ...problems.map(({ field, message }) => failed('Search space', message, field)),
    await checkFolder(parts.store.paths.root),
    checkSpace(cost.diskBytes, free),
  ]
  if (checks.some((check) => check.status === 'failed')) {
    return { ok: false, checks, cost, dataset: null }
  }
  const measured = await runWorkerChecks(parts, { ...request, shares: figures.shares }, checks)
  const dataset = measured?.dataset ?? null
  return {
    ok: checks.every((check) => check.status !== 'failed'),
    checks,
    cost: estimateCost(config, measuredSetup(config, measured) ?? setup, free, {
      preflight: measured,
      calibrated: figures.estimate(dataset),
    }),
    dataset,
  }
}

function createSetupOrRefuse(config: RunConfig, problems: ReturnType<typeof listSetupProblems>): SearchSetup {
  try {
    return createSearchSetup(config, countOutputs(config, null))
  } catch (thrown) {
    const lines = problems.map(({ field, message }) => `${field}: ${message}`)
    throw lines.length === 0 ? thrown : new EngineError('BAD_REQUEST', lines.join('; '), lines)
  }
}

/** With the joints or classes that the dataset really has. */
function measuredSetup(config: RunConfig, measured: PreflightJobResult | null): SearchSetup | null {
  return measured === null ? null : createSearchSetup(config, countOutputs(config, measured.dataset))
}

async function runWorkerChecks(
  { executor, store }: EngineParts,
  { runId, config, isBusy, shares }: PreflightRequest & Pick<KeptFigures, 'shares'>,
  checks: PreflightCheck[],
): Promise<PreflightJobResult | null> {
  const folder = join(store.paths.temporary, `preflight-${runId}`)
  await mkdir(folder, { recursive: true })
  try {
    return await executor.runJob(
      { kind: 'preflight', runId, config, runFolder: folder, cacheFolder: store.paths.cache, attempt: 0 },
      {
        lane: isBusy ? INTERACTIVE_LANE : MAIN_LANE,
        threads: isBusy ? 1 : shares.trainThreads,
        backend: shares.backend,
        isUrgent: true,
        logFolder: null,
        onEvent: (event) => {
          if (event.kind === 'check-finished') {
            upsertCheck(checks, event.check)
          }
        },
      },
    )
  } catch (thrown) {
    const { code, message, details } = toEngineError(thrown)
    if (!checks.some((check) => check.status === 'failed')) {
      checks.push(
        failed(
          'One batch of every step',
          [message, ...details].join('\n'),
          fieldOf(message) ?? FIELD_AT_FAULT[code] ?? null,
        ),
      )
    }
    return null
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The field that a person would change first. */
const FIELD_AT_FAULT: Partial<Record<ErrorCode, string>> = {
  DATASET: 'dataset.path',
  OUT_OF_MEMORY: 'supernet.batch',
  NUMERIC: 'supernet.optimizer.learningRate',
  MISSING_PART: 'compute.backend',
}

/** The field that a message begins with: "dataset.detections: …". */
function fieldOf(message: string): string | null {
  const [, path = null] = /^([a-z]\w*(?:\.\w+)+): /.exec(message) ?? []
  return path !== null && CONFIG_PATHS.includes(path) ? path : null
}

function upsertCheck(checks: PreflightCheck[], check: PreflightCheck): void {
  const position = checks.findIndex((candidate) => candidate.name === check.name)
  if (position >= 0) {
    checks[position] = check
  } else {
    checks.push(check)
  }
}

async function checkFolder(root: string): Promise<PreflightCheck> {
  try {
    await proveWritable(root)
    return passed('Data folder', `${root} can be written`)
  } catch (thrown) {
    return failed('Data folder', `${root}: ${String(thrown)}`, null)
  }
}

function checkSpace(neededBytes: number, freeBytes: number): PreflightCheck {
  const detail = `needs about ${inUnits(neededBytes)}, ${inUnits(freeBytes)} free`
  return freeBytes > neededBytes ? passed('Disk', detail) : failed('Disk', detail, null)
}

/** Mebibytes, from ten thousand of them on gibibytes. */
function inUnits(bytes: number): string {
  const mebibytes = Math.ceil(bytes / 2 ** 20)
  return mebibytes < 10_000 ? `${mebibytes.toLocaleString('en')} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}

function describeSpace(log10Size: number): string {
  return `about ${(10 ** (log10Size % 1)).toFixed(1)} × 10^${String(Math.floor(log10Size))} networks`
}

function passed(name: string, detail: string): PreflightCheck {
  return { name, status: 'passed', detail, milliseconds: null, field: null }
}

function failed(name: string, detail: string, field: string | null): PreflightCheck {
  return { name, status: 'failed', detail, milliseconds: null, field }
}
