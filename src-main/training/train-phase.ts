import type { Handle } from '../compute/kernels.ts'
import { EngineError } from '../contract/index.ts'
import type { MetricPoint, SupernetConfig, TrainConfig } from '../contract/index.ts'
import type { Batch } from '../datasets/batch.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import type { Supernet } from '../supernet/supernet.ts'
import type { Task } from '../tasks/task.ts'
import { learningRateAt } from './learning-rate.ts'
import type { Optimizer } from './optimizer.ts'
import { trainIteration } from './train-iteration.ts'
import type { Teacher } from './train-iteration.ts'

export interface TrainPhaseOptions {
  readonly phase: 'teacher' | 'supernet'
  readonly attempt: number
  readonly supernet: Supernet
  readonly optimizer: Optimizer
  readonly task: Task
  readonly config: TrainConfig & Partial<Pick<SupernetConfig, 'distillationWeight' | 'idleWeights'>>
  readonly teacher: Teacher | null
  /** Sub-network of an iteration and its position in the sampling cycle (-1 outside of sampling). */
  readonly drawPlan: (iteration: number) => { readonly plan: NetworkPlan; readonly turn: number }
  readonly nextBatch: () => Promise<Batch>
  readonly iterationsPerEpoch: number
  readonly startIteration: number
  readonly totalIterations: number
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
  let finalLoss = Number.NaN
  for (let iteration = startIteration; iteration < totalIterations; iteration++) {
    const started = hooks.now()
    const batch = await options.nextBatch()
    const loaded = hooks.now()
    const losses = runIteration(options, iteration, batch)
    finalLoss = losses.task
    checkFinite(losses, options.phase, iteration)
    report.add({ iteration, losses, started, loaded, images: batch.size })
    const done = iteration + 1
    const isStopping = hooks.shouldStop()
    if (done === totalIterations || done % options.config.checkpointEvery === 0 || isStopping) {
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
  return finalLoss
}

interface ReadLosses {
  readonly task: number
  readonly distillation: number
  readonly learningRate: number
  readonly turn: number
}

function runIteration(options: TrainPhaseOptions, iteration: number, batch: Batch): ReadLosses {
  const { supernet, config, task } = options
  const { kernels } = supernet
  const { plan, turn } = options.drawPlan(iteration)
  const learningRate = learningRateAt(config.optimizer, iteration, options.totalIterations)
  const onDevice = task.upload(kernels, batch)
  try {
    const losses = trainIteration({
      supernet,
      optimizer: options.optimizer,
      plan,
      batch: onDevice,
      learningRate,
      teacher: options.teacher,
      distillationWeight: config.distillationWeight ?? 0,
      idleWeights: config.idleWeights ?? 'skipIdle',
    })
    const read = (handle: Handle | null): number => {
      if (handle === null) {
        return 0
      }
      const value = kernels.downloadSync(handle)[0] ?? Number.NaN
      kernels.release(handle)
      return value
    }
    return { task: read(losses.task), distillation: read(losses.distillation), learningRate, turn }
  } finally {
    onDevice.release()
  }
}

function checkFinite(
  { task, distillation, learningRate }: ReadLosses,
  phase: string,
  iteration: number,
): void {
  if (!Number.isFinite(task) || !Number.isFinite(distillation)) {
    throw new EngineError(
      'NUMERIC',
      `The loss of the ${phase} became ${task} at iteration ${iteration} (learning rate ${learningRate}). ` +
        'The last checkpoint is kept; a lower learning rate usually helps.',
    )
  }
}

interface Reported {
  readonly iteration: number
  readonly losses: ReadLosses
  readonly started: number
  readonly loaded: number
  readonly images: number
}

function createReport(options: TrainPhaseOptions): { add(entry: Reported): void; flush(done: number): void } {
  const { hooks, phase, attempt, iterationsPerEpoch } = options
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
    add({ iteration, losses, started, loaded, images }) {
      const ended = hooks.now()
      const milliseconds = Math.max(ended - started, 1e-3)
      points.push({
        phase,
        attempt,
        iteration,
        epoch: iteration / iterationsPerEpoch,
        turn: losses.turn,
        loss: losses.task + losses.distillation,
        taskLoss: losses.task,
        distillationLoss: losses.distillation,
        learningRate: losses.learningRate,
        imagesPerSecond: (images * 1000) / milliseconds,
        loaderWait: (loaded - started) / milliseconds,
        residentBytes: hooks.residentBytes(),
      })
      if (ended - lastReport >= REPORT_EVERY_MS) {
        flush(iteration + 1)
      }
    },
  }
}
