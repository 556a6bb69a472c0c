import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { BENCH_WORKS, EngineError, isUsualAbsence, toErrorInfo } from '../../contract/index.ts'
import type {
  BackendName,
  BenchClock,
  BenchJob,
  BenchResult,
  BenchWork,
  Preset,
  RunConfig,
} from '../../contract/index.ts'
import { countCost } from '../../nas/cost.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../nas/named-genotypes.ts'
import { planNetwork } from '../../nas/network-plan.ts'
import { trainingInputSize } from '../../datasets/training-input-size.ts'
import { findPreset } from '../configure/presets.ts'
import { countOutputs, createSearchSetup } from '../configure/search-setup.ts'
import { toRefusal } from '../executors/backend-refused.ts'
import type { Executor } from '../executors/executor.ts'
import { alternate } from './alternate.ts'
import type { Contender } from './alternate.ts'
import type {
  BenchEvaluationRow,
  BenchFailure,
  BenchMachine,
  BenchReport,
  BenchRequest,
  BenchRow,
} from './bench.types.ts'
import { summariseTimes } from './summarise-times.ts'

/** What a batch of a full-size network takes fits into the memory of common machines. */
const FULL_SIZE_BATCH = 4
const FULL_SIZE_PIXELS = 192 * 256

export interface BenchParts {
  readonly executor: Executor
  readonly presets: readonly Preset[]
  readonly codeVersion: string
  readonly signal: AbortSignal
  /** One line about what is being measured, with its place in the whole. */
  readonly onProgress: (note: string, done: number, total: number) => void
  readonly now: () => number
}

/** One network with one kind of work; its contenders alternate. */
interface Cell {
  readonly network: string
  readonly config: RunConfig
  readonly subnet: BenchJob['subnet']
  readonly work: BenchWork
  readonly batch: number
  readonly clock?: BenchClock
}

interface Variant {
  readonly backend: BackendName
  readonly threads: number
}

/**
 * Measures what was asked for, every variant in a worker process of its own. What fails is listed and the rest goes on.
 *
 * @throws EngineError BAD_REQUEST for an unknown network, STOPPED, MISSING_PART when no backend can be used.
 */
export async function runBench(request: BenchRequest, parts: BenchParts): Promise<BenchReport> {
  const started = parts.now()
  const cells = listCells(request, parts.presets)
  const failures: BenchFailure[] = []
  const machine = await describeMachine(request, parts, failures)
  const present = new Set(machine.backends.map(({ name }) => name))
  const variants = listVariants(request).filter(({ backend }) => present.has(backend))
  if (variants.length === 0) {
    const reasons = failures.map(({ what, error }) => `${what}: ${error.message}`)
    throw new EngineError('MISSING_PART', 'No compute backend can be measured.', reasons)
  }
  const hasLoader = request.parts.includes('loader')
  const evaluated = request.parts.includes('evaluation') ? request.networks : []
  const total = cells.length + evaluated.length + (hasLoader ? 1 : 0)
  const rows: BenchRow[] = []
  for (const [index, cell] of cells.entries()) {
    parts.onProgress(`${cell.network} ${cell.subnet}, ${cell.work}`, index, total)
    rows.push(...(await measureCell(cell, variants, request, parts, failures)))
  }
  const evaluations: BenchEvaluationRow[] = []
  for (const [index, network] of evaluated.entries()) {
    parts.onProgress(`${network}, evaluation of a generation`, cells.length + index, total)
    evaluations.push(...(await measureEvaluations(network, [...present], request, parts, failures)))
  }
  let loader: BenchReport['loader'] = null
  if (hasLoader) {
    parts.onProgress('loader', total - 1, total)
    loader = await measureLoader(request, parts, failures)
  }
  return { machine, rows, loader, evaluations, failures, seconds: (parts.now() - started) / 1000 }
}

/** Floating-point operations of one repetition, convolutions only, in 10^9. */
export function countGigaFlops({ config, subnet, work, batch }: Omit<Cell, 'network'>): number {
  const outputs = countOutputs(config, null)
  const { space, shape } = createSearchSetup(config, outputs)
  const genotype = { smallest: smallestGenotype, hrnet: hrnetGenotype, largest: largestGenotype }[subnet](
    space,
  )
  const size = work === 'step' ? trainingInputSize(config) : {}
  const plan = planNetwork(space, { ...shape, ...size }, genotype)
  const { macs, liveMacs } = countCost(plan)
  const [first] = plan.nodes
  // The images need no gradient; layers without influence on the output get none.
  const firstMacs =
    first?.kind === 'conv'
      ? first.kernel ** 2 * first.inChannels * first.channels * first.height * first.width
      : 0
  const perImage = { step: macs + 2 * liveMacs - firstMacs, inference: macs, deployed: liveMacs }[work]
  return (2 * perImage * batch) / 1e9
}

function listCells(
  { networks, subnets, parts: wanted, batch }: BenchRequest,
  presets: readonly Preset[],
): Cell[] {
  const works = BENCH_WORKS.filter((work) => wanted.includes(work))
  return networks.flatMap((network) => {
    const { config } = findPreset(presets, network)
    const { inputHeight, inputWidth } = config.network
    const isFullSize = inputHeight * inputWidth >= FULL_SIZE_PIXELS
    const own = isFullSize ? FULL_SIZE_BATCH : config.supernet.batch
    return subnets.flatMap((subnet) =>
      works.map((work) => ({ network, config, subnet, work, batch: batch ?? own })),
    )
  })
}

/** The WebAssembly kernels use one thread, and a GPU none of the processor's. */
function listVariants({ backends, threads }: BenchRequest): Variant[] {
  return backends.flatMap((backend) =>
    (backend === 'tensorflow' ? threads : [1]).map((count) => ({ backend, threads: count })),
  )
}

async function measureCell(
  cell: Cell,
  variants: readonly Variant[],
  request: BenchRequest,
  parts: BenchParts,
  failures: BenchFailure[],
): Promise<BenchRow[]> {
  const open = variants.map((variant) => openContender(cell, variant, parts))
  const usable: typeof open = []
  try {
    for (const contender of open) {
      const failure = await contender.tryOut()
      if (failure === null) {
        usable.push(contender)
      } else {
        failures.push(failure)
      }
    }
    const rounds = await alternate(new Map(usable.map((contender) => [contender, contender])), request)
    const gigaFlops = countGigaFlops(cell)
    const rows: BenchRow[] = []
    for (const [contender, times] of rounds) {
      const profile = request.profiles ? await contender.profile() : null
      const time = summariseTimes(times)
      const { network, subnet, work, batch } = cell
      rows.push({
        ...{ network, subnet, work, batch, ...contender.variant, time, gigaFlops, profile },
        gigaFlopsPerSecond: (gigaFlops * 1000) / time.medianMs,
        imagesPerSecond: (batch * 1000) / time.medianMs,
        peakMemoryBytes: contender.peakMemoryBytes(),
      })
    }
    return rows
  } finally {
    await parts.executor.release(open.map(({ lane }) => lane))
  }
}

interface WorkerContender extends Contender {
  readonly lane: string
  readonly variant: Variant
  /** Opens network and process. @returns why it cannot be measured, or null. */
  tryOut(): Promise<BenchFailure | null>
  profile(): Promise<BenchResult['profile']>
  peakMemoryBytes(): number
}

/** A worker of its own, which keeps network and batch from turn to turn. */
export function openContender(
  cell: Cell,
  variant: Variant,
  { executor, signal }: Pick<BenchParts, 'executor' | 'signal'>,
): WorkerContender {
  const { network, config, subnet, work, batch, clock = 'wall' } = cell
  const lane = ['bench', network, subnet, work, variant.backend, String(variant.threads)].join('-')
  let peak = 0
  const run = async (budgetMs: number, profiles = false): Promise<BenchResult> => {
    const job: BenchJob = {
      ...{
        kind: 'bench',
        config,
        outputs: countOutputs(config, null),
        subnet,
        batch,
        work,
        budgetMs,
        profiles,
        clock,
      },
      leastRepetitions: budgetMs > 0 ? 1 : 0,
    }
    const result = await executor.runJob(job, {
      ...{ lane, threads: variant.threads, backend: variant.backend, signal },
      logFolder: null,
      onEvent: () => undefined,
    })
    peak = Math.max(peak, profiles ? 0 : result.peakMemoryBytes)
    return result
  }
  return {
    lane,
    variant,
    repeat: async (budgetMs) => (await run(budgetMs)).milliseconds,
    profile: async () => (await run(0, true)).profile,
    peakMemoryBytes: () => peak,
    async tryOut() {
      try {
        await run(0)
        return null
      } catch (thrown) {
        const error = toErrorInfo(thrown)
        if (error.code === 'STOPPED') {
          throw thrown
        }
        return { what: `${network} ${subnet}, ${work}, ${variant.backend}`, error }
      }
    },
  }
}

/** Candidates of a generation as the papers have it; a first impression takes fewer. */
const GENERATION = 100
const QUICK_GENERATION = 20
/** So many are also scored one by one: their mean stands for all. */
const PLAIN_SHARE = 0.25
const QUICK_BUDGET_MS = 500

async function measureEvaluations(
  network: string,
  backends: readonly BackendName[],
  { budgetMs }: BenchRequest,
  { executor, presets, signal }: BenchParts,
  failures: BenchFailure[],
): Promise<BenchEvaluationRow[]> {
  const { config } = findPreset(presets, network)
  const candidates = budgetMs < QUICK_BUDGET_MS ? QUICK_GENERATION : GENERATION
  const rows: BenchEvaluationRow[] = []
  for (const backend of backends) {
    const lane = ['bench', network, 'evaluation', backend].join('-')
    try {
      const result = await executor.runJob(
        { kind: 'bench-evaluation', config, candidates, plainCandidates: candidates * PLAIN_SHARE },
        { lane, threads: 1, backend, logFolder: null, onEvent: () => undefined, signal },
      )
      rows.push({ network, backend, ...result })
    } catch (thrown) {
      const error = toErrorInfo(thrown)
      if (error.code === 'STOPPED') {
        throw thrown
      }
      failures.push({ what: `${network}, evaluation, ${backend}`, error })
    } finally {
      await executor.release([lane])
    }
  }
  return rows
}

async function measureLoader(
  { budgetMs, rounds }: BenchRequest,
  { executor, signal }: BenchParts,
  failures: BenchFailure[],
): Promise<BenchReport['loader']> {
  const lane = 'bench-loader'
  try {
    return await executor.runJob(
      { kind: 'bench-loader', seconds: (budgetMs * rounds) / 1000 },
      { lane, threads: 1, backend: 'auto', logFolder: null, onEvent: () => undefined, signal },
    )
  } catch (thrown) {
    const error = toErrorInfo(thrown)
    if (error.code === 'STOPPED') {
      throw thrown
    }
    failures.push({ what: 'loader', error })
    return null
  } finally {
    await executor.release([lane])
  }
}

async function describeMachine(
  { backends, isEveryBackendNeeded }: BenchRequest,
  { executor, codeVersion }: BenchParts,
  failures: BenchFailure[],
): Promise<BenchMachine> {
  const [load = 0] = loadavg()
  const present: BenchMachine['backends'][number][] = []
  for (const name of backends) {
    try {
      const { backendVersion, device } = await executor.probe(name)
      present.push({ name, version: backendVersion, device })
    } catch (thrown) {
      // Most machines have no GPU for WebGPU.
      if (isEveryBackendNeeded || !isUsualAbsence(toRefusal(thrown, name))) {
        failures.push({ what: name, error: toErrorInfo(thrown) })
      }
    }
  }
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    load,
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    codeVersion,
    backends: present,
  }
}
