import type { CostEstimate, PreflightJobResult, RunConfig } from '../../contract/index.ts'
import { needsTeacher } from '../../nas/distillation-weight.ts'
import { isTrainable, supernetParameters } from '../../nas/network-parameters.ts'
import { countSpaceSize } from '../../nas/search-space.ts'
import { shareByFormula } from '../calibration/core-shares.ts'
import { readMachine } from '../calibration/machine-facts.ts'
import type { SearchSetup } from './search-setup.ts'

const BYTES_PER_VALUE = 4
/** Each phase keeps its newest and the one before. */
const KEPT_CHECKPOINTS = 2
/** Preview pictures, predictions, logs, database rows. */
const SMALL_FILES_BYTES = 16 * 2 ** 20
/** smallest, hrnet, largest. */
const REFERENCE_ROWS = 3

/** Scored networks of a whole search. */
export function countCandidates({ search }: RunConfig): number {
  return search.initial + search.generations * search.perGeneration + REFERENCE_ROWS
}

export type TimeEstimate = Pick<
  CostEstimate,
  | 'timesFrom'
  | 'calibratedAt'
  | 'iterationMsSmallest'
  | 'iterationMsLargest'
  | 'secondsTeacher'
  | 'secondsSupernet'
  | 'secondsSearch'
>

/** What was measured of a run: by its preflight, and by this machine's calibration. */
export interface MeasuredTimes {
  readonly preflight: PreflightJobResult | null
  readonly calibrated: TimeEstimate | null
}

const NOTHING_MEASURED: MeasuredTimes = { preflight: null, calibrated: null }

/** Sizes by formula, times by what was measured: the calibration's, else the preflight's, else null. */
export function estimateCost(
  config: RunConfig,
  setup: SearchSetup,
  freeDiskBytes: number,
  measured: MeasuredTimes = NOTHING_MEASURED,
): CostEstimate {
  const supernetParams = supernetParameters(setup.space, setup.shape)
    .filter(isTrainable)
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0)
  return {
    smallest: setup.smallest,
    largest: setup.largest,
    supernetParams,
    log10SpaceSize: countSpaceSize(setup.space).log10,
    peakMemoryBytes: measured.preflight?.peakMemoryBytes ?? null,
    diskBytes: estimateDisk(config, supernetParams),
    freeDiskBytes,
    ...chooseTimes(config, measured),
  }
}

function estimateDisk({ supernet }: RunConfig, supernetParams: number): number {
  // Weights, then two moments for Adam or one for momentum.
  const copies = supernet.optimizer.kind === 'adam' ? 3 : 2
  const phases = needsTeacher(supernet) ? 2 : 1
  return supernetParams * BYTES_PER_VALUE * copies * KEPT_CHECKPOINTS * phases + SMALL_FILES_BYTES
}

/** The preflight has stepped through this very run's networks, so its iterations stand beside the calibration's seconds. */
function chooseTimes(config: RunConfig, { preflight, calibrated }: MeasuredTimes): TimeEstimate {
  const own = preflight === null ? NO_TIMES : estimateByPreflight(config, preflight)
  if (calibrated === null) {
    return own
  }
  const { iterationMsSmallest, iterationMsLargest } = preflight ?? calibrated
  return { ...calibrated, iterationMsSmallest, iterationMsLargest }
}

const NO_TIMES: TimeEstimate = {
  ...{ timesFrom: null, calibratedAt: null, iterationMsSmallest: null, iterationMsLargest: null },
  ...{ secondsTeacher: null, secondsSupernet: null, secondsSearch: null },
}

function estimateByPreflight(config: RunConfig, preflight: PreflightJobResult): TimeEstimate {
  const { iterationMsSmallest, iterationMsLargest, evaluationMs } = preflight
  const { searchWorkers } = shareByFormula(config, readMachine().cores)
  const meanIterationMs = (iterationMsSmallest + iterationMsLargest) / 2
  return {
    ...{ timesFrom: 'preflight', calibratedAt: null, iterationMsSmallest, iterationMsLargest },
    secondsTeacher: (preflight.iterationsTeacher * iterationMsLargest) / 1000,
    secondsSupernet: (preflight.iterationsSupernet * meanIterationMs) / 1000,
    secondsSearch: (countCandidates(config) * evaluationMs) / searchWorkers / 1000,
  }
}
