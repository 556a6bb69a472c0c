import type { Handle, Kernels } from '../compute/kernels.ts'
import { EngineError } from '../contract/index.ts'
import type { MetricPoint, SupernetConfig, TrainConfig } from '../contract/index.ts'
import type { Batch } from '../datasets/batch.ts'
import { distillationWeightAt } from '../nas/distillation-weight.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import type { Supernet } from '../supernet/supernet.ts'
import type { Task } from '../tasks/task.ts'
import { learningRateAt } from './learning-rate.ts'
import type { Optimizer } from './optimizer.ts'
import { trainIteration } from './train-iteration.ts'
import type { IterationLosses, Teacher } from './train-iteration.ts'

export interface TrainPhaseOptions {
  readonly phase: 'teacher' | 'supernet'
  readonly attempt: number
  readonly supernet: Supernet
  readonly optimizer: Optimizer
  readonly task: Task
  readonly config: TrainConfig &
    Partial<Pick<SupernetConfig, 'distillationWeight' | 'distillationWeightEnd' | 'idleWeights'>>
  readonly teacher: Teacher | null
  /** Sub-network of an iteration and its position in the sampling cycle (-1 outside of sampling). */
  readonly drawPlan: (iteration: number) => { readonly plan: NetworkPlan; readonly turn: number }
  readonly nextBatch: () => Promise<Batch>
  readonly iterationsPerEpoch: number
  readonly startIteration: number
  readonly totalIterations: number
  /** Losses are read together after so many iterations, before checkpoints and at the end; default: 1 on a CPU, 10 on a GPU. */
  readonly readLossEvery?: number
  readonly hooks: TrainHooks
}

export interface TrainHooks {
  onMetrics(points: readonly MetricPoint[]): void
  onProgress(done: number, total: number): void
  /** Called after each `checkpointEvery` iterations and at the end; `iteration` counts finished updates. */
  onCheckpoint(iteration: number): Promise<void>
  /** True ends the phase after a checkpoint, with STOPPED. */
  shouldStop(): boolean
  /** Lets messages in between two iterations. */
  breathe(): Promise<void>
  /** Milliseconds on a monotonic clock. */
  now(): number
  residentBytes(): number
}

/** Metrics leave in batches: often enough to look live, seldom enough to cost nothing. */
const REPORT_EVERY_MS = 400

/**
 * Trains until `totalIterations`, from `startIteration` on.
 *
 * @throws EngineError NUMERIC when the loss is no longer finite (the last checkpoint stays), STOPPED when asked to stop.
 * @returns The task loss of the last iteration; NaN if there was nothing left to do.
 */
export async function trainPhase(options: TrainPhaseOptions): Promise<number> {
  const { hooks, startIteration, totalIterations } = options
  const report = createReport(options)
  const readEvery = options.readLossEvery ?? defaultReadEvery(options.supernet.kernels)
  let unread: Unread[] = []
  let finalLoss = Number.NaN
  const readLosses = (): void => {
    const taken = unread
    unread = []
    finalLoss = report.add(taken)
  }
  try {
    for (let iteration = startIteration; iteration < totalIterations; iteration++) {
      const started = hooks.now()
      const batch = await options.nextBatch()
      const loaded = hooks.now()
      unread.push({
        iteration,
        ...runIteration(options, iteration, batch),
        ...{ started, loaded, images: batch.size },
      })
      const done = iteration + 1
      const isStopping = hooks.shouldStop()
      const isDue = done === totalIterations || done % options.config.checkpointEvery === 0 || isStopping
      if (isDue || unread.length >= readEvery) {
        readLosses()
      }
      if (isDue) {
        report.flush(done)
        await hooks.onCheckpoint(done)
      }
      if (isStopping && done < totalIterations) {
        throw new EngineError(
          'STOPPED',
          `Stopped after iteration ${done} of ${totalIterations} of the ${options.phase}.`,
        )
      }
      await hooks.breathe()
    }
  } finally {
    for (const { task, distillation } of unread) {
      takeLoss(options.supernet.kernels, task)
      takeLoss(options.supernet.kernels, distillation)
    }
  }
  return finalLoss
}

/** Reading a number waits until everything before it is computed: on a CPU it is, a GPU would stand still meanwhile. */
function defaultReadEvery({ device }: Kernels): number {
  return device === 'cpu' ? 1 : GPU_READ_EVERY
}
/** Often enough that a loss gone wild costs seconds. */
const GPU_READ_EVERY = 10

/** An iteration whose losses are still on the device. */
interface Unread extends IterationLosses {
  readonly iteration: number
  readonly learningRate: number
  readonly turn: number
  readonly started: number
  readonly loaded: number
  readonly images: number
}

function runIteration(
  options: TrainPhaseOptions,
  iteration: number,
  batch: Batch,
): IterationLosses & { readonly learningRate: number; readonly turn: number } {
  const { supernet, config, task } = options
  const { plan, turn } = options.drawPlan(iteration)
  const learningRate = learningRateAt(config.optimizer, iteration, options.totalIterations)
  const onDevice = task.upload(supernet.kernels, batch)
  try {
    const losses = trainIteration({
      supernet,
      optimizer: options.optimizer,
      plan,
      batch: onDevice,
      learningRate,
      teacher: options.teacher,
      distillationWeight: distillationWeightAt(config, iteration, options.totalIterations),
      idleWeights: config.idleWeights ?? 'skipIdle',
    })
    return { ...losses, learningRate, turn }
  } finally {
    onDevice.release()
  }
}

/** Downloads and releases a scalar; 0 for a loss that there is not. */
function takeLoss(kernels: Kernels, handle: Handle | null): number {
  if (handle === null) {
    return 0
  }
  const value = kernels.downloadSync(handle)[0] ?? Number.NaN
  kernels.release(handle)
  return value
}

function checkFinite(
  task: number,
  distillation: number,
  { iteration, learningRate }: Unread,
  phase: string,
): void {
  if (!Number.isFinite(task) || !Number.isFinite(distillation)) {
    throw new EngineError(
      'NUMERIC',
      `The loss of the ${phase} became ${task} at iteration ${iteration} (learning rate ${learningRate}). ` +
        'The last checkpoint is kept; a lower learning rate usually helps.',
    )
  }
}

interface Report {
  /** Reads the losses of these iterations. @returns the task loss of the last; NaN for none. */
  add(iterations: readonly Unread[]): number
  flush(done: number): void
}

function createReport(options: TrainPhaseOptions): Report {
  const { hooks, phase, attempt, iterationsPerEpoch } = options
  const { kernels } = options.supernet
  let points: MetricPoint[] = []
  let lastReport = hooks.now()
  const flush = (done: number): void => {
    if (points.length > 0) {
      hooks.onMetrics(points)
      points = []
    }
    hooks.onProgress(done, options.totalIterations)
    lastReport = hooks.now()
  }
  return {
    flush,
    add(iterations) {
      const read = iterations.map((entry) => ({
        ...entry,
        taskLoss: takeLoss(kernels, entry.task),
        distillationLoss: takeLoss(kernels, entry.distillation),
      }))
      // Iterations that were read together ran together: each took its share of the time.
      const ended = hooks.now()
      const milliseconds = Math.max(ended - (read[0]?.started ?? ended), 1e-3) / Math.max(read.length, 1)
      for (const entry of read) {
        const { iteration, turn, learningRate, taskLoss, distillationLoss } = entry
        checkFinite(taskLoss, distillationLoss, entry, phase)
        points.push({
          ...{ phase, attempt, iteration, turn, learningRate, taskLoss, distillationLoss },
          epoch: iteration / iterationsPerEpoch,
          loss: taskLoss + distillationLoss,
          imagesPerSecond: (entry.images * 1000) / milliseconds,
          loaderWait: Math.min(1, (entry.loaded - entry.started) / milliseconds),
          residentBytes: hooks.residentBytes(),
          backendBytes: kernels.backendBytes(),
        })
      }
      const last = read.at(-1)
      if (last !== undefined && ended - lastReport >= REPORT_EVERY_MS) {
        flush(last.iteration + 1)
      }
      return last?.taskLoss ?? Number.NaN
    },
  }
}
