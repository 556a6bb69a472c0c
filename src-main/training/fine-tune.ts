import { EngineError } from '../contract/index.ts'
import type { FineTuneEpoch, FineTuneStage, OptimizerConfig } from '../contract/index.ts'
import type { Batch } from '../datasets/batch.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import type { Supernet } from '../supernet/supernet.ts'
import type { WeightMap } from '../supernet/weights.ts'
import type { Forward, Task } from '../tasks/task.ts'
import { Optimizer } from './optimizer.ts'
import { forwardWithRunning } from './score-subnet.ts'
import { trainIteration } from './train-iteration.ts'

export interface FineTuneOptions {
  /** Stand-alone, with the layers of `plan` only; its weights and running statistics change. */
  readonly network: Supernet
  readonly plan: NetworkPlan
  readonly task: Task
  readonly stages: readonly FineTuneStage[]
  readonly iterationsPerEpoch: number
  readonly nextBatch: () => Promise<Batch>
  /** Accuracy on the search split, in [0, 1]. */
  readonly evaluate: (forward: Forward) => Promise<number>
  readonly hooks: FineTuneHooks
}

export interface FineTuneHooks {
  /** `done` counts updates. */
  onProgress(done: number, total: number, note: string): void
  onEpoch(epoch: FineTuneEpoch): void
  /** True ends it with STOPPED. */
  shouldStop(): boolean
  /** Lets messages in between two iterations. */
  breathe(): Promise<void>
}

export interface BestEpoch extends FineTuneEpoch {
  readonly weights: WeightMap
}

export interface FineTuned {
  readonly epochs: readonly FineTuneEpoch[]
  /** The first one with the highest accuracy. */
  readonly best: BestEpoch
}

/** The rates come from the stages (method.md 8.3); decay and schedule are none. */
const ADAM: OptimizerConfig = {
  ...{ kind: 'adam', learningRate: 1e-4, momentum: 0, weightDecay: 0 },
  ...{ schedule: 'constant', dropAt: [] },
}

/**
 * Trains one sub-network on its own (method.md 8.3): Adam, the training's own batches and target, no distillation, batch norm in
 * training mode. Every epoch is scored with running statistics and the best one kept.
 *
 * @throws EngineError NUMERIC when loss or score are no longer finite, STOPPED when asked to stop, BAD_REQUEST without an epoch.
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  const rates = options.stages.flatMap(({ epochs, learningRate }) =>
    Array.from({ length: epochs }, () => learningRate),
  )
  const optimizer = new Optimizer(options.network, ADAM)
  const epochs: FineTuneEpoch[] = []
  let best: BestEpoch | null = null
  try {
    for (const [index, learningRate] of rates.entries()) {
      const epoch = index + 1
      const loss = await trainEpoch(options, optimizer, { epoch, epochs: rates.length, learningRate })
      const accuracy = await evaluateNow(options, epoch)
      const finished: FineTuneEpoch = { epoch, learningRate, loss, accuracy }
      epochs.push(finished)
      options.hooks.onEpoch(finished)
      if (best === null || accuracy > best.accuracy) {
        best = { ...finished, weights: await options.network.weights() }
      }
    }
  } finally {
    optimizer.dispose()
  }
  if (best === null) {
    throw new EngineError('BAD_REQUEST', 'A fine-tune needs at least one epoch; none was asked for.')
  }
  return { epochs, best }
}

interface EpochPlan {
  readonly epoch: number
  readonly epochs: number
  readonly learningRate: number
}

/** @returns The mean task loss. */
async function trainEpoch(
  options: FineTuneOptions,
  optimizer: Optimizer,
  { epoch, epochs, learningRate }: EpochPlan,
): Promise<number> {
  const { iterationsPerEpoch, hooks } = options
  let sum = 0
  for (let i = 0; i < iterationsPerEpoch; i++) {
    if (hooks.shouldStop()) {
      throw new EngineError('STOPPED', `Stopped in epoch ${epoch} of ${epochs} of the fine-tune.`)
    }
    const loss = runIteration(options, optimizer, await options.nextBatch(), learningRate)
    if (!Number.isFinite(loss)) {
      throw new EngineError(
        'NUMERIC',
        `The loss of the fine-tune became ${loss} in epoch ${epoch} (learning rate ${learningRate}).`,
      )
    }
    sum += loss
    const done = (epoch - 1) * iterationsPerEpoch + i + 1
    hooks.onProgress(done, epochs * iterationsPerEpoch, `epoch ${epoch} of ${epochs}`)
    await hooks.breathe()
  }
  return sum / iterationsPerEpoch
}

function runIteration(
  { network, plan, task }: FineTuneOptions,
  optimizer: Optimizer,
  batch: Batch,
  learningRate: number,
): number {
  const { kernels } = network
  const onDevice = task.upload(kernels, batch)
  try {
    const { task: loss } = trainIteration({
      ...{ supernet: network, optimizer, plan, batch: onDevice, learningRate },
      ...{ teacher: null, distillationWeight: 0, idleWeights: 'skipIdle' },
    })
    const value = kernels.downloadSync(loss)[0] ?? Number.NaN
    kernels.release(loss)
    return value
  } finally {
    onDevice.release()
  }
}

async function evaluateNow({ network, plan, evaluate }: FineTuneOptions, epoch: number): Promise<number> {
  const session = network.openEvaluation()
  try {
    const accuracy = await evaluate(forwardWithRunning(session, plan))
    if (!Number.isFinite(accuracy)) {
      throw new EngineError('NUMERIC', `The score after epoch ${epoch} of the fine-tune is ${accuracy}.`)
    }
    return accuracy
  } finally {
    session.close()
  }
}
