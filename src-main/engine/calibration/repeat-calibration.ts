import { performance } from 'node:perf_hooks'
import { EngineError } from '../../contract/index.ts'
import type { Calibration, Preset } from '../../contract/index.ts'
import { findPreset } from '../configure/presets.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { findCalibration } from './choose-plan.ts'
import { openKnownLibraries } from './known-libraries.ts'
import { readLoad, readMachine } from './machine-facts.ts'
import { openWorkerProbe } from './worker-probe.ts'

/**
 * Measures anew for the networks of these presets; later runs of the same networks go by it, runs that have begun do not.
 *
 * @throws EngineError BAD_REQUEST for an unknown preset, MISSING_PART when nothing could be measured.
 */
export async function repeatCalibrations(
  { store, executor, codeVersion, now }: EngineParts,
  presets: readonly Preset[],
  names: readonly string[],
): Promise<readonly Calibration[]> {
  const configs = names.map((name) => findPreset(presets, name).config)
  const { signal } = new AbortController()
  const calibrations: Calibration[] = []
  for (const config of configs) {
    const { calibration } = await findCalibration(
      config,
      {
        ...{ codeVersion, now, calibrations: store.calibrations, machine: readMachine(), load: readLoad },
        libraries: openKnownLibraries(store.settings),
        openProbe: (representative) =>
          openWorkerProbe(representative, { executor, signal, now: () => performance.now() }),
        measureLoader: () => {
          throw new EngineError('INTERNAL', 'the loader is measured with the data of a run')
        },
      },
      { isRepeated: true },
    )
    calibrations.push(calibration)
  }
  return calibrations
}
