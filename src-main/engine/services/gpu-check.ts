import { existsSync } from 'node:fs'
import { EngineError } from '../../contract/index.ts'
import type { BenchTraceResult, ComputeConfig, Preset, WorkerReady } from '../../contract/index.ts'
import { findPreset } from '../configure/presets.ts'
import { countOutputs } from '../configure/search-setup.ts'
import type { Executor, GpuChoice } from '../executors/executor.ts'
import { listVisibleCards } from '../executors/gpu-environment.ts'

const PRESET = 'mini-pose'
const STEPS = 10
const BATCH = 8
/** Cards of 2020 and later multiply in TF32, with 10 bits behind the point: a layer is off by 1e-3, some dozens of them by a few times that. */
const OUTPUT_TOLERANCE = 2e-2
/** Adam turns small differences of gradients into whole steps, so losses of a right card drift apart slowly; a wrong gradient is off by tenths. */
const LOSS_TOLERANCE = 5e-2

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
  /** Largest difference of the first outputs over their range. */
  readonly outputDifference: number
  /** Largest relative difference of the losses of one step. */
  readonly lossDifference: number
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
  const facts = await executor.probe('tensorflow').catch(reasonOf)
  if (typeof facts === 'string') {
    return `CUDA: native TensorFlow cannot be used. ${facts}`
  }
  return facts.device === 'cpu'
    ? `CUDA: ${explainAbsence(surroundings, facts)}`
    : { backend: 'tensorflow', facts }
}

async function findWebgpu(executor: Executor): Promise<Way | string> {
  const facts = await executor.probe('webgpu').catch(reasonOf)
  return typeof facts === 'string' ? `WebGPU: ${webgpuSteps(facts)}` : { backend: 'webgpu', facts }
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
  const range = cpu.output.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const outputDifference =
    cpu.output.reduce(
      (most, value, i) => largerOf(most, Math.abs(value - (gpu.output[i] ?? Number.NaN))),
      0,
    ) / range
  const lossDifference = cpu.losses.reduce(
    (most, loss, i) => largerOf(most, Math.abs(loss - (gpu.losses[i] ?? Number.NaN)) / Math.abs(loss)),
    0,
  )
  return {
    ...way,
    ...{ preset: PRESET, outputDifference, lossDifference },
    ...{ gpuLosses: gpu.losses, cpuLosses: cpu.losses },
    hasPassed: outputDifference <= OUTPUT_TOLERANCE && lossDifference <= LOSS_TOLERANCE,
  }
}

/** What the worker said of each step, without what the engine says around it. */
export function webgpuSteps(message: string): string {
  return /webgpu: (.*?)\. docs\/gpu\.md/s.exec(message)?.[1] ?? message
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
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
