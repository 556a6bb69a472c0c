import type {
  BackendName,
  Calibration,
  MachineFacts,
  SearchFigure,
  StepFigure,
  WorkerReady,
} from '../../contract/index.ts'
import { EngineError, toErrorInfo } from '../../contract/index.ts'
import { quantile } from '../bench/summarise-times.ts'
import { fastestBackend, marginAt } from './decide-shares.ts'
import { MOST_SEARCH_WORKERS, MOST_TRAIN_THREADS } from './core-shares.ts'
import type { NetworkSize, Representative } from './representative.ts'

export type CalibratedWork = 'step' | 'inference'

/** One process that repeats work; `copy` tells processes of the same kind apart. */
export interface ProbeVariant {
  readonly backend: BackendName
  readonly threads: number
  readonly copy: number
}

/** Where the work is done; tests answer with times of their own. */
export interface CalibrationProbe {
  /** @throws EngineError where the backend is not there or fails its self-test. */
  versionOf(backend: BackendName): Promise<Pick<WorkerReady, 'backendVersion' | 'device'>>
  /**
   * @param beside - Processes that work at the same time; together they have the machine for themselves.
   * @returns milliseconds of each repetition, at least one unless `budgetMs` is 0, which only prepares and warms up.
   */
  repeat(
    variant: ProbeVariant,
    work: CalibratedWork,
    budgetMs: number,
    beside?: number,
  ): Promise<readonly number[]>
  now(): number
}

export interface CalibrationRequest {
  readonly key: string
  readonly representative: Representative
  /** Empty: none is present. */
  readonly versions: Readonly<Partial<Record<BackendName, string>>>
  readonly notes: readonly string[]
  readonly machine: MachineFacts
  readonly load: number
  readonly codeVersion: string
  readonly measuredAt: number
}

/** A turn holds at least one repetition. */
const TURN_MS = 120
const MOST_ROUNDS = 5
const LEAST_ROUNDS = 3
/** Of each of the two parts; the first rounds are made whatever they take. */
const PART_MS = 3500
/** A backend whose step takes so many times as long is not repeated. */
const HOPELESS = 3

/**
 * Repeats training steps with every number of threads on every backend, in turns so that all see the same noise; then forward passes
 * by search workers side by side on the backend whose steps were the fastest.
 *
 * @throws EngineError STOPPED, or MISSING_PART when nothing could be measured; a variant that fails is left out and named in the notes.
 */
export async function calibrate(request: CalibrationRequest, probe: CalibrationProbe): Promise<Calibration> {
  const started = probe.now()
  const notes = [...request.notes]
  const steps = await measureSteps(request, probe, notes)
  const backend = fastestBackend(steps, marginAt(request.load, request.machine.cores))
  if (backend === null) {
    throw new EngineError('MISSING_PART', 'No backend could be measured.', notes)
  }
  const searches = await measureSearches(request, backend, probe, notes)
  const { key, representative, versions, machine, load, codeVersion, measuredAt } = request
  return {
    ...{
      key,
      network: representative.name,
      machine,
      load,
      codeVersion,
      versions,
      measuredAt,
      steps,
      searches,
    },
    seconds: (probe.now() - started) / 1000,
    subnet: representative.subnet,
    batch: representative.batch,
    images: representative.images,
    ...{ backend, notes },
  }
}

/** 1, 2, 3, 4, 6, 8 as far as there are cores. WebAssembly has one thread, and a GPU through WebGPU needs none of more. */
export function threadCounts(backend: BackendName, cores: number): readonly number[] {
  return backend !== 'tensorflow'
    ? [1]
    : THREAD_COUNTS.filter((threads) => threads === 1 || (threads <= cores && threads <= MOST_TRAIN_THREADS))
}
const THREAD_COUNTS = [1, 2, 3, 4, 6, 8] as const

/** Every way to fill the machine with equal workers, and one worker alone. */
export function searchLayouts(
  backend: BackendName,
  cores: number,
): readonly { readonly workers: number; readonly threads: number }[] {
  const workerCounts = [...new Set([1, 2, 3, MOST_SEARCH_WORKERS].filter((workers) => workers <= cores))]
  const layouts = workerCounts.flatMap((workers) =>
    threadCounts(backend, cores)
      .filter((threads) => workers * threads <= cores)
      .map((threads) => ({ workers, threads })),
  )
  const largest = (workers: number): number =>
    Math.max(...layouts.filter((layout) => layout.workers === workers).map(({ threads }) => threads))
  return layouts.filter(({ workers, threads }) => threads === 1 || threads === largest(workers))
}

async function measureSteps(
  { representative, versions, machine }: CalibrationRequest,
  probe: CalibrationProbe,
  notes: string[],
): Promise<StepFigure[]> {
  const backends = Object.keys(versions) as BackendName[]
  const variants = worthMeasuring(backends, representative.size, notes).flatMap((backend) =>
    threadCounts(backend, machine.cores).map((threads): ProbeVariant => ({ backend, threads, copy: 0 })),
  )
  const firstTimes = new Map<ProbeVariant, number>()
  for (const variant of variants) {
    const [first] = (await attempt(() => probe.repeat(variant, 'step', 1), nameOf(variant), notes)) ?? []
    if (first !== undefined) {
      firstTimes.set(variant, first)
    }
  }
  const usable = withoutHopeless(firstTimes, notes)
  const rounds = await inTurns(usable, probe, async (variant) =>
    quantile(await probe.repeat(variant, 'step', TURN_MS), 0.5),
  )
  return usable.map((variant) => ({
    ...{ backend: variant.backend, threads: variant.threads, rounds: rounds.get(variant) ?? [] },
  }))
}

function withoutHopeless(
  firstTimes: ReadonlyMap<ProbeVariant, number>,
  notes: string[],
): readonly ProbeVariant[] {
  const bestOf = (backend: BackendName): number =>
    Math.min(...[...firstTimes].filter(([variant]) => variant.backend === backend).map(([, time]) => time))
  const best = Math.min(...firstTimes.values())
  const hopeless = new Set(
    [...firstTimes.keys()]
      .map(({ backend }) => backend)
      .filter((backend) => bestOf(backend) > HOPELESS * best),
  )
  for (const backend of hopeless) {
    notes.push(
      `${backend}: a step takes ${(bestOf(backend) / best).toFixed(1)} times as long, so it was not repeated`,
    )
  }
  return [...firstTimes.keys()].filter(({ backend }) => !hopeless.has(backend))
}

/** At full size native TensorFlow is at least half as fast again (docs/performance.md), and a WebAssembly step takes seconds. */
function worthMeasuring(
  backends: readonly BackendName[],
  size: NetworkSize,
  notes: string[],
): readonly BackendName[] {
  if (size !== 'full' || !backends.includes('tensorflow') || !backends.includes('wasm')) {
    return backends
  }
  notes.push('wasm: not measured for networks of full size where native TensorFlow is there')
  return backends.filter((backend) => backend !== 'wasm')
}

type Layout = Omit<SearchFigure, 'rounds'>

async function measureSearches(
  { representative, machine }: CalibrationRequest,
  backend: BackendName,
  probe: CalibrationProbe,
  notes: string[],
): Promise<SearchFigure[]> {
  const layouts = searchLayouts(backend, machine.cores).map((layout): Layout => ({ backend, ...layout }))
  const usable: Layout[] = []
  for (const layout of layouts) {
    const warmUp = () =>
      Promise.all(copiesOf(layout).map((copy) => probe.repeat(copy, 'inference', 0, layout.workers)))
    if ((await attempt(warmUp, nameOf({ ...layout, copy: layout.workers - 1 }), notes)) !== null) {
      usable.push(layout)
    }
  }
  const rounds = await inTurns(usable, probe, async (layout) => {
    const all = await Promise.all(
      copiesOf(layout).map((copy) => probe.repeat(copy, 'inference', TURN_MS, layout.workers)),
    )
    // Images a second of the workers that computed side by side, summed.
    return all.reduce((sum, times) => sum + (representative.batch * 1000) / quantile(times, 0.5), 0)
  })
  return usable.map((layout) => ({ ...layout, rounds: rounds.get(layout) ?? [] }))
}

function copiesOf({ backend, threads, workers }: Layout): ProbeVariant[] {
  return Array.from({ length: workers }, (_, copy) => ({ backend, threads, copy }))
}

/** Every other round goes backwards; at least three rounds, five if there is time. */
async function inTurns<Item>(
  items: readonly Item[],
  probe: CalibrationProbe,
  measure: (item: Item) => Promise<number>,
): Promise<ReadonlyMap<Item, readonly number[]>> {
  const rounds = new Map<Item, number[]>(items.map((item) => [item, []]))
  const started = probe.now()
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round >= LEAST_ROUNDS && probe.now() - started > PART_MS) {
      break
    }
    for (const item of round % 2 === 0 ? items : items.toReversed()) {
      rounds.get(item)?.push(await measure(item))
    }
  }
  return rounds
}

async function attempt<T>(work: () => Promise<T>, name: string, notes: string[]): Promise<T | null> {
  try {
    return await work()
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code === 'STOPPED') {
      throw thrown
    }
    notes.push(`${name}: ${toErrorInfo(thrown).message}`)
    return null
  }
}

function nameOf({ backend, threads, copy }: ProbeVariant): string {
  return `${backend} × ${String(threads)}${copy === 0 ? '' : `, process ${String(copy + 1)}`}`
}
