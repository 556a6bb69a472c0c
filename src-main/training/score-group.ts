import { EngineError } from '../contract/index.ts'
import type { Kernels } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import type { NormStatistics, Value } from '../compute/network-ops.ts'
import { elementAt } from '../nas/element-at.ts'
import type { BatchNormNode } from '../nas/network-plan.types.ts'
import type { SharedPlan } from '../nas/shared-plan.ts'
import { measureSharedStatistics, releaseStatistics, uploadStatistics } from '../supernet/recalibrate.ts'
import type { EvaluationSession } from '../supernet/supernet.ts'
import { withInputs } from '../tasks/score-chunks.ts'
import type { ScoreOptions, ScoreResult, ScoringPasses } from '../tasks/task.ts'

export interface ScoreGroupOptions extends ScoreOptions {
  readonly kernels: Kernels
  readonly session: EvaluationSession
  readonly shared: SharedPlan
  /** As in `scoreSubnet`; at least one. */
  readonly recalibrationBatches: readonly Value[]
  readonly passes: ScoringPasses
  /** Called between two passes; throws to end the work. */
  readonly pause: () => Promise<void>
}

/**
 * Recalibrates and scores several sub-networks side by side, batch by batch, with everything that is equal computed once. The results
 * are those of `scoreSubnet` for each of them, to the last bit: the same kernels see the same values.
 *
 * @returns One result for each plan, in their order.
 */
export async function scoreGroup(options: ScoreGroupOptions): Promise<readonly ScoreResult[]> {
  const { kernels, session, shared, recalibrationBatches, pause } = options
  if (recalibrationBatches.length === 0) {
    throw new EngineError('INTERNAL', 'A shared evaluation recalibrates, and got no batches for it.')
  }
  const measured = await measureSharedStatistics(kernels, session, shared, recalibrationBatches, pause)
  const statistics = uploadStatistics(kernels, measured)
  try {
    return await scoreWith(options, ({ output, name }) => {
      const found = statistics.get(output)
      if (found === undefined) {
        throw new RangeError(`no statistics for batch norm ${name}`)
      }
      return found
    })
  } finally {
    releaseStatistics(kernels, statistics)
  }
}

async function scoreWith(
  { kernels, session, shared, passes, pause, flipTest, batch }: ScoreGroupOptions,
  statisticsOf: (norm: BatchNormNode) => NormStatistics,
): Promise<readonly ScoreResult[]> {
  const scoring = { flipTest, batch }
  const scorers = shared.outputs.map(() => passes.openScorer(scoring))
  for (const chunk of passes.chunks(scoring)) {
    await pause()
    await withInputs(kernels, chunk, async (inputs) => {
      for (const { plan, outputs } of session.forwardShared(shared, inputs, statisticsOf)) {
        await elementAt(scorers, plan, 'scorers').add(kernels, outputs.map(singleOutput))
      }
    })
  }
  return scorers.map((scorer) => scorer.finish())
}
