import type { Calibration, MachineFacts, RunConfig } from '../../contract/index.ts'
import { fingerprintOf } from '../../datasets/fingerprint.ts'
import type { CalibrationQueries } from '../../store/calibration-queries.ts'
import { chooseRepresentative } from './representative.ts'

interface Here {
  readonly machine: MachineFacts
  readonly codeVersion: string
}

export interface KeptPlace extends Here {
  readonly calibrations: CalibrationQueries
  readonly load: () => number
}

/** Figures of this machine for networks of this size, taken with these libraries; null where there are none that count. */
export function findKept(
  config: RunConfig,
  versions: Calibration['versions'],
  place: KeptPlace,
): Calibration | null {
  const kept = place.calibrations.findCompute(computeKey(config, versions, place))
  return kept === null || isOutdone(kept, place.load()) ? null : kept
}

/** Other programs ran when the figures were taken, and the machine is much quieter now. */
function isOutdone({ load, machine }: Calibration, loadNow: number): boolean {
  return isDisturbed({ load, machine }) && loadNow < load / 2
}

export function isDisturbed({ load, machine }: Pick<Calibration, 'load' | 'machine'>): boolean {
  return load > machine.cores / 2
}

/** Everything that the figures depend on. */
export function computeKey(
  config: RunConfig,
  versions: Calibration['versions'],
  { machine, codeVersion }: Here,
): string {
  const { processor, cores, memoryBytes } = machine
  const { name, subnet, batch } = chooseRepresentative(config)
  const memory = Math.round(memoryBytes / 2 ** 30)
  const backends = Object.entries(versions).map(([backend, version]) => `${backend} ${version}`)
  const network = [name, subnet, batch, config.network.stemChannels, config.network.layer1Planes]
  return ['compute', processor, cores, memory, codeVersion, ...backends, ...network].join('|')
}

/** What reading and augmenting a training image depends on. */
export function loaderKey(
  { dataset, network, task, pose, segmentation, bottomUp }: RunConfig,
  { machine, codeVersion }: Here,
): string {
  const { inputHeight, inputWidth } = network
  const data = JSON.stringify([task, dataset, inputHeight, inputWidth, pose, segmentation, bottomUp])
  const { processor, cores } = machine
  return ['loader', processor, cores, codeVersion, dataset.source, fingerprintOf([data])].join('|')
}
