import { BACKENDS, EngineError, isUsualAbsence, toErrorInfo } from '../../contract/index.ts'
import type {
  BackendName,
  BackendRefusal,
  Calibration,
  ComputePlan,
  ComputePlanOrigin,
  LoaderCost,
  MachineFacts,
  RunConfig,
} from '../../contract/index.ts'
import type { CalibrationQueries } from '../../store/calibration-queries.ts'
import { toRefusal } from '../executors/backend-refused.ts'
import { calibrate } from './calibrate.ts'
import type { CalibrationProbe } from './calibrate.ts'
import { describeOversubscription, shareByFormula, wishedShares } from './core-shares.ts'
import { decideShares } from './decide-shares.ts'
import { computeKey, findKept, loaderKey } from './kept-calibration.ts'
import { versionText } from './known-libraries.ts'
import type { BackendVersions, KnownLibraries } from './known-libraries.ts'
import { chooseRepresentative } from './representative.ts'
import type { Representative } from './representative.ts'

/** What a plan is made of; tests give their own. */
export interface PlanSurroundings {
  readonly machine: MachineFacts
  readonly codeVersion: string
  readonly calibrations: CalibrationQueries
  readonly libraries: KnownLibraries
  readonly load: () => number
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Opens processes for the representative network; closed again when the figures are taken. */
  openProbe(representative: Representative): CalibrationProbe & { close(): Promise<void> }
  /** Reads training images of the run. @returns milliseconds of one core for an image. */
  measureLoader(
    config: RunConfig,
    backend: BackendName,
  ): Promise<{ readonly millisecondsPerImage: number; readonly images: number }>
}

/** A plan without any measurement: by the number of cores. */
export function planByFormula(
  config: RunConfig,
  machine: MachineFacts,
  now: number,
  why: string,
): ComputePlan {
  const shares = shareByFormula(config, machine.cores)
  return {
    ...shares,
    backend: config.compute.backend,
    origin: 'formula',
    reasons: [`by the number of cores (${String(machine.cores)}): ${why}`],
    warnings: describeOversubscription(shares, machine.cores),
    ...{ machine, decidedAt: now, calibration: null, loader: null, moves: [] },
  }
}

/**
 * Chooses backend, threads and workers of a new run by figures of this machine: those of an earlier run of the same network size and
 * surroundings, else measured now. What cannot be measured is chosen by formula, and the plan says why.
 *
 * @throws EngineError STOPPED.
 */
export async function choosePlan(config: RunConfig, around: PlanSurroundings): Promise<ComputePlan> {
  const { machine, now } = around
  if (isAllSet(config)) {
    return planByFormula(config, machine, now(), 'every value is set by the configuration')
  }
  try {
    const { calibration, origin } = await findCalibration(config, around)
    const backend = config.compute.backend === 'auto' ? calibration.backend : config.compute.backend
    const { loader, warnings } = await findLoaderCost(config, backend, around)
    return planByFigures(config, around, { calibration, origin, loader, warnings })
  } catch (thrown) {
    const { code, message } = toErrorInfo(thrown)
    if (code === 'STOPPED') {
      throw thrown
    }
    const plan = planByFormula(config, machine, now(), `the calibration failed: ${message}`)
    return { ...plan, warnings: [...plan.warnings, `The calibration failed: ${message}`] }
  }
}

interface Figures {
  readonly calibration: Calibration
  readonly origin: ComputePlanOrigin
  readonly loader: LoaderCost | null
  readonly warnings: readonly string[]
}

function planByFigures(
  config: RunConfig,
  { machine, now }: PlanSurroundings,
  { calibration, origin, loader, warnings }: Figures,
): ComputePlan {
  const decided = decideShares({
    ...{ cores: machine.cores, backend: config.compute.backend, wished: wishedShares(config), calibration },
    loaderMs: loader?.millisecondsPerImage ?? null,
  })
  if (decided === null) {
    throw new EngineError('MISSING_PART', calibration.notes.join('; '))
  }
  return {
    ...decided,
    warnings: [...warnings, ...describeOversubscription(decided, machine.cores)],
    ...{ origin, machine, calibration, loader, decidedAt: now(), moves: [] },
  }
}

function isAllSet(config: RunConfig): boolean {
  const { trainThreads, loaderThreads, searchWorkers, searchThreads } = wishedShares(config)
  const { backend } = config.compute
  return (
    backend !== 'auto' &&
    [trainThreads, loaderThreads, searchWorkers, searchThreads].every((value) => value > 0)
  )
}

/**
 * Kept figures are taken where everything they depend on is the same. No worker is asked as long as the files of the libraries are those
 * that were asked for last; the run's own worker then says whether that is still so (`describeChange`).
 */
export async function findCalibration(
  config: RunConfig,
  around: PlanSurroundings,
  { isRepeated = false }: { readonly isRepeated?: boolean } = {},
): Promise<{ readonly calibration: Calibration; readonly origin: ComputePlanOrigin }> {
  const { machine, codeVersion, calibrations, libraries, load, now } = around
  const representative = chooseRepresentative(config)
  const find = (found: BackendVersions | null): Calibration | null =>
    found === null || isRepeated ? null : findKept(config, found.versions, around)
  const known = find(libraries.find(config.compute.backend))
  if (known !== null) {
    return { calibration: known, origin: 'cached' }
  }
  const probe = around.openProbe(representative)
  try {
    const found = await readVersions(config, probe)
    libraries.keep(config.compute.backend, found)
    const kept = find(found)
    if (kept !== null) {
      return { calibration: kept, origin: 'cached' }
    }
    const { versions, refusals } = found
    const notes = describeRefusals(refusals, config)
    const key = computeKey(config, versions, around)
    const calibration = await calibrate(
      { key, representative, versions, notes, machine, load: load(), codeVersion, measuredAt: now() },
      probe,
    )
    calibrations.saveCompute(calibration)
    return { calibration, origin: 'measured' }
  } finally {
    await probe.close()
  }
}

async function readVersions({ compute }: RunConfig, probe: CalibrationProbe): Promise<BackendVersions> {
  const versions: Partial<Record<BackendName, string>> = {}
  const refusals: BackendRefusal[] = []
  for (const backend of compute.backend === 'auto' ? BACKENDS : [compute.backend]) {
    try {
      versions[backend] = versionText(await probe.versionOf(backend))
    } catch (thrown) {
      refusals.push(toRefusal(thrown, backend))
    }
  }
  return { versions, refusals }
}

/** Most machines have no GPU for WebGPU; that needs no remark unless it was asked for. */
function describeRefusals(refusals: readonly BackendRefusal[], { compute }: RunConfig): string[] {
  return refusals
    .filter((refusal) => !isUsualAbsence(refusal) || compute.backend === refusal.backend)
    .map(({ backend, reason }) => `${backend} cannot be used: ${reason}`)
}

/** Null where it is not needed or cannot be measured; a data set that cannot be read ends the run by its name in the next phase. */
async function findLoaderCost(
  config: RunConfig,
  backend: BackendName,
  { machine, codeVersion, calibrations, now, ...around }: PlanSurroundings,
): Promise<Pick<Figures, 'loader' | 'warnings'>> {
  if ((config.compute.loaderThreads ?? 0) > 0) {
    return { loader: null, warnings: [] }
  }
  const key = loaderKey(config, { machine, codeVersion })
  const kept = calibrations.findLoader(key)
  if (kept !== null) {
    return { loader: kept, warnings: [] }
  }
  try {
    const loader: LoaderCost = { key, ...(await around.measureLoader(config, backend)), measuredAt: now() }
    calibrations.saveLoader(loader)
    return { loader, warnings: [] }
  } catch (thrown) {
    const { code, message } = toErrorInfo(thrown)
    if (code === 'STOPPED') {
      throw thrown
    }
    return { loader: null, warnings: [`What reading pictures costs could not be measured: ${message}`] }
  }
}
