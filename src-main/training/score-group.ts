import { EngineError } from '../contract/index.ts'
import type { Kernels } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import type { NormStatistics, Value } from '../compute/network-ops.ts'
import { elementAt } from '../nas/element-at.ts'
import type { BatchNormNode } from '../nas/network-plan.types.ts'
import type { SharedPlan } from '../nas/shared-plan.ts'
import { measureSharedStatistics, releaseStatistics, uploadStatistics } from '../supernet/recalibrate.ts'
import type { EvaluationSession } from '../supernet/supernet.ts'
import { countChunks, withInputs } from '../tasks/score-chunks.ts'
import type { ScoreOptions, ScoreResult, ScoringPasses } from '../tasks/task.ts'
import { KeptValues } from './kept-values.ts'
import type { KeptGroup } from './kept-values.ts'

export interface ScoreGroupOptions extends ScoreOptions {
  readonly kernels: Kernels
  readonly session: EvaluationSession
  readonly shared: SharedPlan
  /** As in `scoreSubnet`; at least one. */
  readonly recalibrationBatches: readonly Value[]
  readonly passes: ScoringPasses
  /** Of earlier groups with the same session, batches, passes and options; emptied if this group fails. */
  readonly kept?: KeptValues
  /** Most bytes that kept values may take afterwards. */
  readonly keptBytes: number
  /** Called between two passes, in those that score with the images that are done and all there are; throws to end the work. */
  readonly pause: (done?: number, of?: number) => Promise<void>
}

export interface GroupScores {
  /** One for each plan, in their order. */
  readonly results: readonly ScoreResult[]
  /** Convolution multiply-adds of one image, as executed. */
  readonly macs: number
}

/**
 * Recalibrates and scores several sub-networks side by side, batch by batch, with everything that is equal computed once, and what
 * was kept of earlier groups not at all. The results are those of `scoreSubnet` for each of them, to the last bit: the same kernels
 * see the same values. Sub-networks that differ in layers without influence alone have one score; of a kept one the detections are gone.
 */
export async function scoreGroup(options: ScoreGroupOptions): Promise<GroupScores> {
  const { kernels, shared, recalibrationBatches, passes, flipTest, batch, keptBytes } = options
  if (recalibrationBatches.length === 0) {
    throw new EngineError('INTERNAL', 'A shared evaluation recalibrates, and got no batches for it.')
  }
  const kept = options.kept ?? new KeptValues(kernels)
  try {
    const images = countInputs(recalibrationBatches, passes, { flipTest, batch })
    const group = kept.open(shared, images, options.kept === undefined ? 0 : keptBytes)
    const scores = group.fresh.length === 0 ? [] : await scoreFresh(options, group)
    return { results: group.finish(scores), macs: group.plan.macs }
  } catch (thrown) {
    kept.clear()
    throw thrown
  }
}

function countInputs(batches: readonly Value[], passes: ScoringPasses, options: ScoreOptions): number {
  const calibrating = batches.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  return passes
    .chunks(options)
    .reduce((sum, { count, mirrors }) => sum + count * (mirrors ? 2 : 1), calibrating)
}

async function scoreFresh(options: ScoreGroupOptions, group: KeptGroup): Promise<readonly ScoreResult[]> {
  const { kernels, session, recalibrationBatches, pause } = options
  const measured = await measureSharedStatistics(
    kernels,
    session,
    group.plan,
    recalibrationBatches,
    async (run) => {
      await pause()
      await group.pass(run)
    },
  )
  const statistics = uploadStatistics(kernels, measured)
  try {
    return await scoreWith(options, group, ({ output, name }) => {
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
  { kernels, session, passes, pause, flipTest, batch }: ScoreGroupOptions,
  group: KeptGroup,
  statisticsOf: (norm: BatchNormNode) => NormStatistics,
): Promise<readonly ScoreResult[]> {
  const scoring = { flipTest, batch }
  const scorers = group.plan.outputs.map(() => passes.openScorer(scoring))
  for (const [chunk, done, all] of countChunks(passes.chunks(scoring))) {
    await pause(done, all)
    await withInputs(kernels, chunk, (inputs) =>
      group.pass(async (exchange) => {
        for (const { plan, outputs } of session.forwardShared(group.plan, inputs, statisticsOf, exchange)) {
          await elementAt(scorers, plan, 'scorers').add(kernels, outputs.map(singleOutput))
        }
      }),
    )
  }
  return scorers.map((scorer) => scorer.finish())
}
