import type { CostEstimate, PreflightJobResult, RunConfig } from '../../contract/index.ts'
import { isTrainable, supernetParameters } from '../../nas/network-parameters.ts'
import { countSpaceSize } from '../../nas/search-space.ts'
import { shareByFormula } from '../calibration/core-shares.ts'
import { readMachine } from '../calibration/machine-facts.ts'
import type { SearchSetup } from './search-setup.ts'

const BYTES_PER_VALUE = 4
/** Teacher and super-network keep their newest and the one before. */
const KEPT_CHECKPOINTS = 4
/** Preview pictures, predictions, logs, database rows. */
const SMALL_FILES_BYTES = 16 * 2 ** 20
/** smallest, hrnet, largest. */
const REFERENCE_ROWS = 3

/** Scored networks of a whole search. */
export function countCandidates({ search }: RunConfig): number {
  return search.initial + search.generations * search.perGeneration + REFERENCE_ROWS
}

/** By formula; times come from a measured calibration or are null. */
export function estimateCost(
  config: RunConfig,
  setup: SearchSetup,
  freeDiskBytes: number,
  calibration: PreflightJobResult | null = null,
): CostEstimate {
  const supernetParams = supernetParameters(setup.space, setup.shape)
    .filter(isTrainable)
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
  return {
    smallest: setup.smallest,
    largest: setup.largest,
    supernetParams,
    log10SpaceSize: countSpaceSize(setup.space).log10,
    iterationMsSmallest: calibration?.iterationMsSmallest ?? null,
    iterationMsLargest: calibration?.iterationMsLargest ?? null,
    peakMemoryBytes: calibration?.peakMemoryBytes ?? null,
    diskBytes: estimateDisk(config, supernetParams),
    freeDiskBytes,
    ...estimateTimes(config, calibration),
  }
}

function estimateDisk({ supernet }: RunConfig, supernetParams: number): number {
  // Weights, then two moments for Adam or one for momentum.
  const copies = supernet.optimizer.kind === 'adam' ? 3 : 2
  return supernetParams * BYTES_PER_VALUE * copies * KEPT_CHECKPOINTS + SMALL_FILES_BYTES
}

type Times = Pick<CostEstimate, 'secondsTeacher' | 'secondsSupernet' | 'secondsSearch'>

function estimateTimes(config: RunConfig, calibration: PreflightJobResult | null): Times {
  if (calibration === null) {
    return { secondsTeacher: null, secondsSupernet: null, secondsSearch: null }
  }
  const { iterationMsSmallest, iterationMsLargest, evaluationMs } = calibration
  const { searchWorkers } = shareByFormula(config, readMachine().cores)
  const meanIterationMs = (iterationMsSmallest + iterationMsLargest) / 2
  return {
    secondsTeacher: (calibration.iterationsTeacher * iterationMsLargest) / 1000,
    secondsSupernet: (calibration.iterationsSupernet * meanIterationMs) / 1000,
    secondsSearch: (countCandidates(config) * evaluationMs) / searchWorkers / 1000,
  }
}
