import type { ComputePlan, DatasetFacts, RunConfig } from '../../contract/index.ts'
import type { TimeEstimate } from '../configure/estimate-cost.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { shareByFormula, wishedShares } from './core-shares.ts'
import { decideShares } from './decide-shares.ts'
import { estimateByCalibration } from './estimate-times.ts'
import { findKept, loaderKey } from './kept-calibration.ts'
import { openKnownLibraries } from './known-libraries.ts'
import { readLoad, readMachine } from './machine-facts.ts'

/** What a run like this would be planned with, without measuring anything. */
export interface KeptFigures {
  readonly shares: Pick<ComputePlan, 'backend' | 'trainThreads'>
  /** @returns Null where there is no calibration of this machine for networks of this size, or the number of pictures is not known. */
  estimate(dataset: Pick<DatasetFacts, 'splits'> | null): TimeEstimate | null
}

/** Reads the calibration that the next run of this configuration would take from the data folder; starts no worker. */
export function readKeptFigures(
  { store, codeVersion, calibrates }: Pick<EngineParts, 'store' | 'codeVersion' | 'calibrates'>,
  config: RunConfig,
): KeptFigures {
  const machine = readMachine()
  const { calibrations, settings } = store
  const formula = {
    backend: config.compute.backend,
    trainThreads: shareByFormula(config, machine.cores).trainThreads,
  }
  const known = calibrates === true ? openKnownLibraries(settings).find(config.compute.backend) : null
  const calibration =
    known === null
      ? null
      : findKept(config, known.versions, { machine, codeVersion, calibrations, load: readLoad })
  if (calibration === null) {
    return { shares: formula, estimate: () => null }
  }
  const loaderMs = calibrations.findLoader(loaderKey(config, { machine, codeVersion }))?.millisecondsPerImage
  const decided = decideShares({
    ...{ cores: machine.cores, backend: config.compute.backend, wished: wishedShares(config), calibration },
    loaderMs: loaderMs ?? null,
  })
  return {
    shares: decided ?? formula,
    estimate: (dataset) =>
      estimateByCalibration({ config, calibration, loaderMs: loaderMs ?? null, dataset }),
  }
}
