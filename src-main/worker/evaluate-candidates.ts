import { EngineError } from '../contract/index.ts'
import type { CandidateToEvaluate } from '../contract/index.ts'
import type { Value } from '../compute/network-ops.ts'
import type { NetworkPlan } from '../nas/network-plan.types.ts'
import { groupPlans, peakBytesPerImage } from '../nas/shared-plan.ts'
import type { SharedPlan } from '../nas/shared-plan.ts'
import type { EvaluationSession, Supernet } from '../supernet/supernet.ts'
import type { ScoreOptions, ScoreResult, ScoringSet } from '../tasks/task.ts'
import type { KeptValues } from '../training/kept-values.ts'
import { scoreGroup } from '../training/score-group.ts'
import type { GroupScores } from '../training/score-group.ts'
import { scoreSubnet } from '../training/score-subnet.ts'

export interface PlannedCandidate {
  readonly candidate: CandidateToEvaluate
  readonly plan: NetworkPlan
}

export interface EvaluationOptions extends ScoreOptions {
  readonly supernet: Supernet
  readonly session: EvaluationSession
  /** None: the running statistics of training serve, and nothing is shared; nor is it by images without `passes`. */
  readonly recalibrationBatches: readonly Value[]
  readonly images: ScoringSet
  /** Bytes for values of one batch that several candidates share; 0 scores each alone. */
  readonly sharedBytes: number
  /** Of earlier candidates with the same session, batches, images and options; not used where each is scored alone. */
  readonly kept?: KeptValues
  /** Awaited between two passes, with the images that are done and all there are; throws EngineError STOPPED to end the work. */
  readonly pause: (done?: number, of?: number) => Promise<void>
  readonly now: () => number
}

export interface EvaluationReport {
  /** Awaited before the next one. */
  onScore(candidate: PlannedCandidate, result: ScoreResult, milliseconds: number): void | Promise<void>
  onFailure(candidate: PlannedCandidate, thrown: unknown): void
  /** A group could not be scored together; its members follow alone. */
  onSplit(members: number, thrown: unknown): void
}

/** Convolution multiply-adds of one image: as executed, and if every candidate had been scored alone. */
export interface EvaluationWork {
  readonly macs: number
  readonly separateMacs: number
}

/**
 * Scores candidates, those that fit into the memory together with what is equal computed once. A candidate that cannot be scored is
 * reported and the others go on; a group that fails is tried once more one by one.
 *
 * @param candidates - Neighbours should begin alike (`sharingOrder`).
 * @throws EngineError STOPPED from `pause`, DATASET if a picture cannot be read; what was not reported then is not scored.
 */
export async function evaluateCandidates(
  candidates: readonly PlannedCandidate[],
  options: EvaluationOptions,
  report: EvaluationReport,
): Promise<EvaluationWork> {
  const work = { macs: 0, separateMacs: 0 }
  let begin = 0
  for (const shared of groupCandidates(candidates, options)) {
    const members = candidates.slice(begin, begin + shared.outputs.length)
    begin += members.length
    work.separateMacs += shared.separateMacs
    const together = await scoreTogether(members, shared, options, report)
    if (together !== null) {
      work.macs += together
    } else {
      work.macs += shared.separateMacs
      await scoreAlone(members, options, report)
    }
  }
  return work
}

/** Kept values leave at least the other half of the memory to the values of a batch. */
const KEPT_SHARE = 0.5

function groupCandidates(candidates: readonly PlannedCandidate[], options: EvaluationOptions): SharedPlan[] {
  const { sharedBytes, recalibrationBatches, images, kept } = options
  const plans = candidates.map(({ plan }) => plan)
  const isAlone = images.passes === undefined || recalibrationBatches.length === 0
  const bytes = Math.max(0, sharedBytes - (kept?.bytes ?? 0))
  return groupPlans(plans, isAlone ? 0 : bytes / largestBatch(options))
}

function largestBatch({
  batch,
  flipTest,
  recalibrationBatches,
}: Pick<EvaluationOptions, 'batch' | 'flipTest' | 'recalibrationBatches'>): number {
  return Math.max(batch * (flipTest ? 2 : 1), ...recalibrationBatches.map(({ shape }) => shape[0] ?? 1))
}

/** Multiply-adds that were executed; null where the group failed or is none: then none of its members was reported. */
async function scoreTogether(
  members: readonly PlannedCandidate[],
  shared: SharedPlan,
  options: EvaluationOptions,
  report: EvaluationReport,
): Promise<number | null> {
  const { passes } = options.images
  const isGroup = members.length > 1 || (options.kept !== undefined && options.sharedBytes > 0)
  if (passes === undefined || options.recalibrationBatches.length === 0 || !isGroup) {
    return null
  }
  const started = options.now()
  const { sharedBytes } = options
  const leftBytes = sharedBytes - peakBytesPerImage(shared) * largestBatch(options)
  const keptBytes = Math.max(0, Math.min(KEPT_SHARE * sharedBytes, leftBytes))
  let scored: GroupScores
  try {
    scored = await scoreGroup({ ...options, kernels: options.supernet.kernels, shared, passes, keptBytes })
  } catch (thrown) {
    if (endsAll(thrown)) {
      throw thrown
    }
    report.onSplit(members.length, thrown)
    return null
  }
  const milliseconds = (options.now() - started) / members.length
  for (const [index, result] of scored.results.entries()) {
    const member = members[index]
    if (member !== undefined) {
      await reportScore(member, result, milliseconds, report)
    }
  }
  return scored.macs
}

async function scoreAlone(
  members: readonly PlannedCandidate[],
  options: EvaluationOptions,
  report: EvaluationReport,
): Promise<void> {
  for (const member of members) {
    await options.pause()
    const started = options.now()
    try {
      const result = await scoreSubnet({ ...options, plan: member.plan })
      await reportScore(member, result, options.now() - started, report)
    } catch (thrown) {
      if (endsAll(thrown)) {
        throw thrown
      }
      report.onFailure(member, thrown)
    }
  }
}

/** What is measured besides the score can fail too. */
async function reportScore(
  member: PlannedCandidate,
  result: ScoreResult,
  milliseconds: number,
  report: EvaluationReport,
): Promise<void> {
  try {
    await report.onScore(member, result, milliseconds)
  } catch (thrown) {
    report.onFailure(member, thrown)
  }
}

/** Whoever stops means everything, and a picture that cannot be read is missing for all candidates alike. */
function endsAll(thrown: unknown): boolean {
  return thrown instanceof EngineError && (thrown.code === 'STOPPED' || thrown.code === 'DATASET')
}
