import type { Calibration, DatasetFacts, RunConfig, SearchFigure } from '../../contract/index.ts'
import { isDistilled, needsTeacher } from '../../nas/distillation-weight.ts'
import { countGigaFlops } from '../bench/run-bench.ts'
import { quantile } from '../bench/summarise-times.ts'
import { countCandidates } from '../configure/estimate-cost.ts'
import type { TimeEstimate } from '../configure/estimate-cost.ts'
import { wishedShares } from './core-shares.ts'
import { decideShares } from './decide-shares.ts'
import type { SharesAnswer } from './decide-shares.ts'
import { chooseRepresentative } from './representative.ts'

export interface TimesQuestion {
  readonly config: RunConfig
  readonly calibration: Calibration
  /** Milliseconds of a core for reading a training image; null: not measured. */
  readonly loaderMs: number | null
  /** Null: not looked at yet. Pictures of a folder are then of unknown number. */
  readonly dataset: Pick<DatasetFacts, 'splits'> | null
}

/**
 * Seconds of a run's long phases, and milliseconds of its iterations, by what this machine measured for networks of this size: the measured
 * step and the measured pace of search workers side by side, scaled by operations to the run's own networks and pictures. Scoring is counted
 * candidate by candidate: what candidates share makes a search shorter.
 *
 * @returns Null where the number of pictures is not known, or nothing was measured for the backend that is asked for.
 */
export function estimateByCalibration({
  config,
  calibration,
  loaderMs,
  dataset,
}: TimesQuestion): TimeEstimate | null {
  const shares = decideShares({
    ...{ cores: calibration.machine.cores, backend: config.compute.backend, wished: wishedShares(config) },
    ...{ calibration, loaderMs },
  })
  const images = countImages(config, dataset)
  const step = shares === null ? null : findStepMs(calibration, shares)
  const pace = shares === null ? null : findPace(calibration, shares)
  if (shares === null || images === null || step === null || pace === null) {
    return null
  }
  const { teacher, supernet } = config
  const largest = trainingMs(config, { step, shares, loaderMs, kind: 'teacher', subnet: 'largest' })
  const withTeacher = { step, shares, loaderMs, kind: 'supernet' } as const
  const smallestStep = trainingMs(config, { ...withTeacher, subnet: 'smallest' })
  const largestStep = trainingMs(config, { ...withTeacher, subnet: 'largest' })
  return {
    timesFrom: 'calibration',
    calibratedAt: calibration.measuredAt,
    iterationMsSmallest: supernet.batch * smallestStep,
    iterationMsLargest: supernet.batch * largestStep,
    secondsTeacher: ((needsTeacher(supernet) ? teacher.epochs : 0) * images.train * largest) / 1000,
    secondsSupernet: (supernet.epochs * images.train * (smallestStep + largestStep)) / 2 / 1000,
    secondsSearch: (countCandidates(config) * images.scored) / pace / meanWork(config),
  }
}

interface Images {
  readonly train: number
  /** Passes of one candidate: recalibration, then the search images, twice where they are scored mirrored as well. */
  readonly scored: number
}

function countImages(
  { dataset: asked, search }: RunConfig,
  dataset: TimesQuestion['dataset'],
): Images | null {
  const splits = dataset?.splits ?? (asked.source === 'drawn' ? asked.drawn : null)
  if (splits === null) {
    return null
  }
  const recalibration = search.recalibrationBatches * search.recalibrationBatchSize
  const passes = search.flipTest ? 2 : 1
  return { train: splits.train, scored: recalibration + passes * Math.min(splits.search, asked.searchLimit) }
}

/** Milliseconds of an image of the `hrnet` member; threads that were not measured take the figure of the nearest number below. */
function findStepMs({ steps, images }: Calibration, { backend, trainThreads }: SharesAnswer): number | null {
  const known = steps
    .filter((step) => step.backend === backend && step.threads <= trainThreads)
    .toSorted((a, b) => a.threads - b.threads)
    .at(-1)
  return known === undefined ? null : quantile(known.rounds, 0.5) / images
}

/** Images of the representative network a second, all workers together; layouts that were not measured take that of the nearest size. */
function findPace(calibration: Calibration, shares: SharesAnswer): number | null {
  const size = shares.searchWorkers * shares.searchThreads
  const distance = ({ workers, threads }: SearchFigure): number =>
    2 * Math.abs(workers * threads - size) + Math.abs(workers - shares.searchWorkers) / 100
  const [nearest] = calibration.searches
    .filter(({ backend }) => backend === shares.backend)
    .toSorted((a, b) => distance(a) - distance(b))
  return nearest === undefined ? null : quantile(nearest.rounds, 0.5)
}

/** Passes of the representative network that one pass of a mean candidate is worth, inverted: what the pace is multiplied with. */
function meanWork(config: RunConfig): number {
  const { config: measured, subnet } = chooseRepresentative(config)
  const ofCandidate = (member: 'smallest' | 'largest'): number =>
    countGigaFlops({ config, subnet: member, work: 'inference', batch: 1 })
  const mean = (ofCandidate('smallest') + ofCandidate('largest')) / 2
  return countGigaFlops({ config: measured, subnet, work: 'inference', batch: 1 }) / mean
}

/** Milliseconds of one training image, reading included where it is the slower one or training does it itself. */
function trainingMs(
  config: RunConfig,
  {
    step,
    shares,
    loaderMs,
    kind,
    subnet,
  }: {
    readonly step: number
    readonly shares: SharesAnswer
    readonly loaderMs: number | null
    readonly kind: 'teacher' | 'supernet'
    readonly subnet: 'smallest' | 'largest'
  },
): number {
  const work = (member: 'smallest' | 'hrnet' | 'largest'): number =>
    countGigaFlops({ config, subnet: member, work: 'step', batch: 1 })
  // The teacher answers each batch with a forward pass, a third of a step.
  const isTaught = kind === 'supernet' && isDistilled(config.supernet)
  const computing = (step * (work(subnet) + (isTaught ? work('largest') / 3 : 0))) / work('hrnet')
  const reading = loaderMs ?? 0
  return shares.loaderThreads === 0
    ? computing + reading
    : Math.max(computing, reading / shares.loaderThreads)
}
