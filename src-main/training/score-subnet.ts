import type { Value } from '../compute/network-ops.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import { measureStatistics, releaseStatistics, uploadStatistics } from '../supernet/recalibrate.ts'
import type { EvaluationSession, Supernet } from '../supernet/supernet.ts'
import type { Forward, ScoreOptions, ScoreResult, ScoringSet } from '../tasks/task.ts'

export interface ScoreSubnetOptions extends ScoreOptions {
  readonly supernet: Supernet
  readonly session: EvaluationSession
  readonly plan: NetworkPlan
  /** Fixed training batches for the statistics (method.md 6.1), on the device. None: the running statistics of training serve. */
  readonly recalibrationBatches: readonly Value[]
  readonly images: ScoringSet
}

/** Recalibrates one sub-network on a copy of the statistics, scores it with inherited weights, drops the copy. */
export async function scoreSubnet(options: ScoreSubnetOptions): Promise<ScoreResult> {
  return withRecalibrated(options, (forward) =>
    options.images.score(options.supernet.kernels, forward, options),
  )
}

/** Runs `use` with a forward pass of the recalibrated sub-network. */
export async function withRecalibrated<T>(
  { supernet, session, plan, recalibrationBatches }: Omit<ScoreSubnetOptions, 'images' | keyof ScoreOptions>,
  use: (forward: Forward) => Promise<T>,
): Promise<T> {
  const { kernels } = supernet
  if (recalibrationBatches.length === 0) {
    return use((input) => session.forward(plan, input).outputs)
  }
  const statistics = uploadStatistics(
    kernels,
    measureStatistics(kernels, session, plan, recalibrationBatches),
  )
  try {
    return await use((input) => session.forward(plan, input, statistics).outputs)
  } finally {
    releaseStatistics(kernels, statistics)
  }
}

/** A forward pass with the running statistics of the session's own network; the caller releases the outputs. */
export function forwardWithRunning(session: EvaluationSession, plan: NetworkPlan): Forward {
  return (input) => session.forward(plan, input).outputs
}
