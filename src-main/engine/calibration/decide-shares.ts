import type {
  BackendName,
  Calibration,
  ComputeConfig,
  ComputeShares,
  SearchFigure,
  StepFigure,
} from '../../contract/index.ts'
import { quantile } from '../bench/summarise-times.ts'
import { usualSearch } from './core-shares.ts'

/** What is less simple must be so much faster: timings of a shared machine differ by some percent by themselves. */
export const MARGIN = 1.05
/** While other programs want more cores than there are, a figure says little. */
const CROWDED_MARGIN = 1.3
/** So many of the rounds must show the margin, so that lucky ones decide nothing. */
const SHARE_OF_ROUNDS = 0.75
/** Loader threads are planned to be busy for at most this share of the time, or any jitter would be waited for. */
const LOADER_LOAD = 0.8
/** One thread feeds more than a core of training at the sizes of the presets. */
const MOST_LOADER_THREADS = 4
/** Share of an iteration that training may wait for its batch. */
const MOST_WAIT = 0.05

export interface SharesQuestion {
  readonly cores: number
  readonly backend: ComputeConfig['backend']
  /** 0 = to be chosen. */
  readonly wished: ComputeShares
  readonly calibration: Pick<Calibration, 'backend' | 'steps' | 'searches' | 'batch' | 'images' | 'load'>
  /** One core, milliseconds an image; null: not measured. */
  readonly loaderMs: number | null
}

export interface SharesAnswer extends ComputeShares {
  readonly backend: BackendName
  readonly reasons: readonly string[]
}

/** One way to spend the cores on training. */
interface TrainingOption {
  readonly backend: BackendName
  readonly trainThreads: number
  readonly loaderThreads: number
  /** Milliseconds of an image, by round. */
  readonly rounds: readonly number[]
  /** Share of an iteration spent waiting for its batch. */
  readonly wait: number
}

/**
 * Chooses from measured figures. The rules: training and loader threads together, and search workers times their threads, are at most
 * the cores; what is wished for is obeyed; of the rest the simplest wins that nothing beats by {@link MARGIN} in three of four rounds
 * (by more on a machine that others use);
 * training waits for its batches less than 5 % of the time where any choice can have that.
 *
 * @returns Null when nothing of the wished backend was measured.
 */
export function decideShares(question: SharesQuestion): SharesAnswer | null {
  const training = decideTraining(question)
  if (training === null) {
    return null
  }
  const { backend, trainThreads, loaderThreads } = training.chosen
  const search = decideSearch(question, backend)
  return {
    ...{ backend, trainThreads, loaderThreads },
    searchWorkers: search.workers,
    searchThreads: search.threads,
    reasons: [...training.reasons, search.reason],
  }
}

/** Faster by the margin in three of four rounds. `slower` and `faster` are times. */
export function isClearlyFaster(
  faster: readonly number[],
  slower: readonly number[],
  margin: number = MARGIN,
): boolean {
  const ratios = slower.slice(0, faster.length).map((time, round) => time / (faster[round] ?? Number.NaN))
  const wins = ratios.filter((ratio) => ratio >= margin).length
  return wins > 0 && wins >= SHARE_OF_ROUNDS * ratios.length
}

/** @param load - Runnable processes when the figures were taken. */
export function marginAt(load: number, cores: number): number {
  return load > cores ? CROWDED_MARGIN : MARGIN
}

function decideTraining(question: SharesQuestion): {
  readonly chosen: TrainingOption
  readonly reasons: readonly string[]
} | null {
  const options = listTrainingOptions(question)
  const patient = options.filter(({ wait }) => wait < MOST_WAIT)
  const [first, ...rest] = patient.length > 0 ? patient : options
  if (first === undefined) {
    return null
  }
  const margin = marginAt(question.calibration.load, question.cores)
  const chosen = rest.reduce(
    (best, option) => (isClearlyFaster(option.rounds, best.rounds, margin) ? option : best),
    first,
  )
  return { chosen, reasons: explainTraining(question, chosen) }
}

/** Fewer threads before more. */
function listTrainingOptions(question: SharesQuestion): TrainingOption[] {
  const { cores, wished, calibration, loaderMs } = question
  const backend = question.backend === 'auto' ? calibration.backend : question.backend
  return chooseSteps(calibration, backend, wished.trainThreads)
    .flatMap((step) => {
      const trainThreads = wished.trainThreads || step.threads
      return loaderChoices({ cores, wished, loaderMs }, trainThreads).map((loaderThreads) =>
        toOption(step, { trainThreads, loaderThreads }, calibration.images, loaderMs ?? 0),
      )
    })
    .toSorted((a, b) => sizeOf(a) - sizeOf(b) || a.trainThreads - b.trainThreads)
}

/** Threads that were asked for but not measured take the figure of the nearest number below: only the loader depends on it. */
function chooseSteps(
  { steps }: Pick<Calibration, 'steps'>,
  backend: BackendName,
  wishedThreads: number,
): readonly StepFigure[] {
  const own = steps.filter((step) => step.backend === backend).toSorted((a, b) => a.threads - b.threads)
  return wishedThreads === 0 ? own : own.filter(({ threads }) => threads <= wishedThreads).slice(-1)
}

/**
 * The backend with the fastest step. WebAssembly is the simpler one (it is everywhere, has one thread, and gives the same bits on every
 * machine), so native TensorFlow must beat it clearly, and a GPU through WebGPU both.
 *
 * @returns Null for no figures.
 */
export function fastestBackend(steps: readonly StepFigure[], margin: number = MARGIN): BackendName | null {
  const [first, ...rest] = steps.toSorted(
    (a, b) => byPreference(a.backend, b.backend) || a.threads - b.threads,
  )
  const best = rest.reduce<StepFigure | undefined>(
    (known, step) =>
      known !== undefined && isClearlyFaster(step.rounds, known.rounds, margin) ? step : known,
    first,
  )
  return best?.backend ?? null
}

const sizeOf = ({ trainThreads, loaderThreads }: TrainingOption): number => trainThreads + loaderThreads

/** A loader without a thread of its own is worth a thought only where training has all the cores. */
function loaderChoices(
  { cores, wished, loaderMs }: Pick<SharesQuestion, 'cores' | 'wished' | 'loaderMs'>,
  trainThreads: number,
): readonly number[] {
  const free = cores - trainThreads
  if (wished.loaderThreads > 0) {
    const mayExceed = trainThreads === 1 || wished.trainThreads > 0
    return wished.loaderThreads <= free || mayExceed ? [wished.loaderThreads] : []
  }
  if (free <= 0) {
    // What reading costs must be known before training does it as well.
    const isKnown = loaderMs !== null || trainThreads === 1 || wished.trainThreads > 0
    return isKnown ? [0] : []
  }
  return Array.from({ length: Math.min(free, MOST_LOADER_THREADS) }, (_, index) => index + 1)
}

function toOption(
  { backend, rounds }: StepFigure,
  shares: { readonly trainThreads: number; readonly loaderThreads: number },
  images: number,
  loaderMs: number,
): TrainingOption {
  const { loaderThreads } = shares
  const steps = rounds.map((milliseconds) => milliseconds / images)
  const step = quantile(steps, 0.5)
  if (loaderThreads === 0) {
    return {
      ...{ backend, ...shares, wait: loaderMs / (loaderMs + step) },
      rounds: steps.map((milliseconds) => milliseconds + loaderMs),
    }
  }
  const reading = loaderMs / loaderThreads / LOADER_LOAD
  return {
    ...{ backend, ...shares, wait: Math.max(0, 1 - step / reading) },
    rounds: steps.map((milliseconds) => Math.max(milliseconds, reading)),
  }
}

function explainTraining(
  { backend, wished, calibration, loaderMs, cores }: SharesQuestion,
  chosen: TrainingOption,
): string[] {
  const figures = calibration.steps
    .filter((step) => backend === 'auto' || step.backend === backend)
    .map((step) => `${describeStep(step)} ${milliseconds(quantile(step.rounds, 0.5))}`)
    .join(', ')
  const loader =
    loaderMs === null
      ? 'reading was not measured'
      : `reading an image takes ${milliseconds(loaderMs)} of a core, its training ${milliseconds(quantile(chosen.rounds, 0.5))}`
  const asked = (isAsked: boolean): string => (isAsked ? ' (as set)' : '')
  return [
    `backend ${chosen.backend}${asked(backend !== 'auto')}, ${count(chosen.trainThreads, 'training thread')}${asked(wished.trainThreads > 0)}: a step of ${String(calibration.batch)} takes ${figures}`,
    `${chosen.loaderThreads === 0 ? 'the training thread reads its batches itself' : count(chosen.loaderThreads, 'loader thread')}${asked(wished.loaderThreads > 0)}: ${loader}; ${String(cores)} cores`,
  ]
}

/**
 * One worker a core (at most four) with one thread each needs no measurement, so other layouts must beat it clearly: a machine that was
 * busy during the calibration then keeps its workers.
 */
function decideSearch(
  { cores, wished, calibration }: SharesQuestion,
  backend: BackendName,
): { readonly workers: number; readonly threads: number; readonly reason: string } {
  const usual = usualSearch(cores, wished)
  const asked = wished.searchWorkers > 0 && wished.searchThreads > 0 ? ' (as set)' : ''
  const all = calibration.searches.filter((figure) => figure.backend === backend)
  const known = all.find((figure) => isSameLayout(figure, usual))
  if (known === undefined || asked !== '') {
    return { ...usual, reason: `search: ${describeSearch(usual)}${asked === '' ? ', not measured' : asked}` }
  }
  const others = all
    .filter(
      ({ workers, threads }) =>
        workers * threads <= cores &&
        (wished.searchWorkers === 0 || workers === wished.searchWorkers) &&
        (wished.searchThreads === 0 || threads === wished.searchThreads),
    )
    .toSorted((a, b) => a.workers * a.threads - b.workers * b.threads || a.workers - b.workers)
  const margin = marginAt(calibration.load, cores)
  // Rounds are images a second: the one with more is the faster.
  const { workers, threads } = others.reduce(
    (best, figure) => (isClearlyFaster(best.rounds, figure.rounds, margin) ? figure : best),
    known,
  )
  const figures = all
    .map((figure) => `${describeSearch(figure)} ${round(quantile(figure.rounds, 0.5))}`)
    .join(', ')
  return {
    workers,
    threads,
    reason: `search: ${describeSearch({ workers, threads })}; images a second: ${figures}`,
  }
}

function isSameLayout(
  a: Pick<SearchFigure, 'workers' | 'threads'>,
  b: Pick<SearchFigure, 'workers' | 'threads'>,
): boolean {
  return a.workers === b.workers && a.threads === b.threads
}

export function describeSearch({ workers, threads }: Pick<SearchFigure, 'workers' | 'threads'>): string {
  return `${count(workers, 'worker')} × ${count(threads, 'thread')}`
}

function describeStep({ backend, threads }: StepFigure): string {
  return `${backend} × ${String(threads)}`
}

const SIMPLEST_FIRST: readonly BackendName[] = ['wasm', 'tensorflow', 'webgpu']

function byPreference(a: BackendName, b: BackendName): number {
  return SIMPLEST_FIRST.indexOf(a) - SIMPLEST_FIRST.indexOf(b)
}

function milliseconds(value: number): string {
  return `${round(value)} ms`
}

/** Three digits are more than a shared machine repeats. */
export function round(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 20 })
}

export function count(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}
