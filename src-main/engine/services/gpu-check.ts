import { existsSync } from 'node:fs'
import { EngineError } from '../../contract/index.ts'
import type {
  BackendName,
  BackendRefusal,
  BenchTraceResult,
  ComputeConfig,
  Preset,
  WorkerReady,
} from '../../contract/index.ts'
import { findPreset } from '../configure/presets.ts'
import { countOutputs } from '../configure/search-setup.ts'
import { toRefusal } from '../executors/backend-refused.ts'
import type { Executor, GpuChoice } from '../executors/executor.ts'
import { listVisibleCards } from '../executors/gpu-environment.ts'

const PRESET = 'mini-pose'
const STEPS = 10
const BATCH = 8
/**
 * How far a right card may be off. Measured between backends of the CPU, one of them reading numbers rounded to TF32 as cards of 2020 and
 * later do, and with defects put into kernels (tests/bench/gpu-tolerance.ts; table and derivation in docs/gpu.md): three to five times what
 * rounding does, below what every one of the defects does to at least one of them.
 */
export const GPU_TOLERANCES = {
  /** Of the range of the outputs, before the first step. */
  output: 5e-3,
  /** And after it, with the statistics that it moved. */
  nextOutput: 1e-1,
  /** Relative, of the first two losses: the second follows the first update. */
  firstLosses: 5e-4,
  /** Relative, of all losses: Adam turns small differences of gradients into whole steps. */
  losses: 2e-2,
} as const

type Differences = Readonly<Record<keyof typeof GPU_TOLERANCES, number>>

export interface GpuCheckReport {
  readonly backend: 'tensorflow' | 'webgpu'
  readonly device: string
  readonly backendVersion: string
  /** Numbers or names of the cards, as far as the driver tells them. */
  readonly cards: readonly string[]
  /** What computed the CPU's side. */
  readonly reference: 'tensorflow' | 'wasm'
  readonly preset: string
  readonly gpuLosses: readonly number[]
  readonly cpuLosses: readonly number[]
  readonly differences: Differences
  readonly hasPassed: boolean
}

/** What each way to a GPU gave. */
export interface GpuCheck {
  readonly reports: readonly GpuCheckReport[]
  /** Why the other ways give none. */
  readonly absences: readonly string[]
}

export interface GpuCheckParts {
  readonly executor: Executor
  readonly presets: readonly Preset[]
  readonly signal: AbortSignal
}

/** What the machine shows of a card, for the reason why none computes. */
export interface GpuSurroundings {
  readonly hasDriver: boolean
  readonly cards: readonly string[]
}

interface Way {
  readonly backend: GpuCheckReport['backend']
  readonly facts: WorkerReady
}

/**
 * Trains a small network for ten steps on every GPU that computes, through CUDA and through WebGPU, and on the CPU, from the same weights
 * on the same batch, and compares.
 *
 * @throws EngineError MISSING_PART with the exact reasons when no GPU computes.
 */
export async function checkGpu(
  parts: GpuCheckParts,
  surroundings: GpuSurroundings = lookAround(),
): Promise<GpuCheck> {
  const found = [await findCuda(parts.executor, surroundings), await findWebgpu(parts.executor)]
  const absences = found.filter((way) => typeof way === 'string')
  const ways = found.filter((way) => typeof way !== 'string')
  if (ways.length === 0) {
    throw new EngineError('MISSING_PART', 'No GPU computes.', absences)
  }
  const reference = await findReference(parts.executor)
  const cpu = await traceOn(parts, reference, 'none')
  const reports: GpuCheckReport[] = []
  for (const { backend, facts } of ways) {
    const gpu = await traceOn(parts, backend, 0)
    const { device, backendVersion } = facts
    const cards = backend === 'tensorflow' ? surroundings.cards : []
    reports.push(compareTraces(gpu, cpu, { backend, device, backendVersion, cards, reference }))
  }
  return { reports, absences }
}

async function findCuda(executor: Executor, surroundings: GpuSurroundings): Promise<Way | string> {
  const facts = await probe(executor, 'tensorflow')
  if ('code' in facts) {
    return `CUDA: native TensorFlow cannot be used: ${facts.reason}`
  }
  return facts.device === 'cpu'
    ? `CUDA: ${explainAbsence(surroundings, facts)}`
    : { backend: 'tensorflow', facts }
}

async function findWebgpu(executor: Executor): Promise<Way | string> {
  const facts = await probe(executor, 'webgpu')
  return 'code' in facts ? `WebGPU: ${facts.reason}` : { backend: 'webgpu', facts }
}

function probe(executor: Executor, backend: BackendName): Promise<WorkerReady | BackendRefusal> {
  return executor.probe(backend).catch((thrown: unknown) => toRefusal(thrown, backend))
}

async function findReference(executor: Executor): Promise<GpuCheckReport['reference']> {
  return executor.probe('tensorflow').then(
    () => 'tensorflow',
    () => 'wasm',
  )
}

async function traceOn(
  { executor, presets, signal }: GpuCheckParts,
  backend: ComputeConfig['backend'],
  gpu: GpuChoice,
): Promise<BenchTraceResult> {
  const { config } = findPreset(presets, PRESET)
  const lane = `gpu-check-${backend}-${String(gpu)}`
  try {
    return await executor.runJob(
      {
        ...{ kind: 'bench-trace', config, outputs: countOutputs(config, null), subnet: 'largest' },
        ...{ batch: BATCH, steps: STEPS, file: null },
      },
      {
        ...{ lane, threads: 1, backend, gpu, logFolder: null, signal },
        onEvent: () => undefined,
      },
    )
  } finally {
    await executor.release([lane])
  }
}

export function compareTraces(
  gpu: BenchTraceResult,
  cpu: BenchTraceResult,
  way: Pick<GpuCheckReport, 'backend' | 'device' | 'backendVersion' | 'cards' | 'reference'>,
): GpuCheckReport {
  const losses = cpu.losses.map((loss, i) => relativeDifference([gpu.losses[i] ?? Number.NaN], [loss]))
  const differences: Differences = {
    output: relativeDifference(gpu.output, cpu.output),
    nextOutput: relativeDifference(gpu.nextOutput, cpu.nextOutput),
    firstLosses: losses.slice(0, 2).reduce(largerOf, 0),
    losses: losses.reduce(largerOf, 0),
  }
  const names = Object.keys(GPU_TOLERANCES) as (keyof Differences)[]
  return {
    ...way,
    ...{ preset: PRESET, differences, gpuLosses: gpu.losses, cpuLosses: cpu.losses },
    hasPassed: names.every((name) => differences[name] <= GPU_TOLERANCES[name]),
  }
}

/** Largest difference over the largest value that is wanted. */
function relativeDifference(got: ArrayLike<number>, want: ArrayLike<number>): number {
  const wanted = Array.from(want)
  const range = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const most = wanted
    .map((value, i) => Math.abs(value - (got[i] ?? Number.NaN)))
    .reduce(largerOf, got.length === want.length ? 0 : Number.NaN)
  return most / range
}

/** NaN wins: a value that is missing or not a number must not pass. */
function largerOf(a: number, b: number): number {
  return Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b)
}

export function explainAbsence(
  { hasDriver, cards }: GpuSurroundings,
  { backendVersion }: Pick<WorkerReady, 'backendVersion'>,
): string {
  if (!hasDriver) {
    return 'this machine has no NVIDIA driver (/proc/driver/nvidia/version is not there). In a container, pass the device in: docker run --gpus all.'
  }
  if (cards.length === 0) {
    return 'the driver is there, but CUDA_VISIBLE_DEVICES hides every card, or the driver lists none (nvidia-smi).'
  }
  return `the driver lists ${String(cards.length)}, but the library (TensorFlow ${backendVersion}) does not: either it is the CPU library ("npm run setup -- --gpu" installs the other), or the driver is older than CUDA 12 needs (525).`
}

export function lookAround(): GpuSurroundings {
  return { hasDriver: existsSync('/proc/driver/nvidia/version'), cards: listVisibleCards() }
}
