import { performance } from 'node:perf_hooks'
import { EngineError, LATENCY_METRIC, toErrorInfo } from '../../contract/index.ts'
import type { CandidateToEvaluate, EvaluateJob, EvaluateResult } from '../../contract/index.ts'
import type { Value } from '../../compute/network-ops.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import type { NetworkPlan } from '../../nas/network-plan.types.ts'
import type { EvaluationSession } from '../../supernet/supernet.ts'
import type { Forward } from '../../tasks/task.ts'
import { scoreSubnet } from '../../training/score-subnet.ts'
import { firstImage, measureLatency } from '../latency.ts'
import { describeProtocol } from '../protocol.ts'
import type { RunContext } from '../run-context.ts'
import type { SupernetCache } from '../supernet-cache.ts'
import { breathe } from '../worker-services.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'

/** Images in one forward pass of scoring; the score does not depend on it. */
export const SCORING_BATCH = 16

/** Scores candidates with inherited weights. One bad candidate is reported and the others go on. */
export async function runEvaluateJob(
  job: EvaluateJob,
  run: RunContext,
  cache: SupernetCache,
  services: WorkerServices,
  context: JobContext,
): Promise<EvaluateResult> {
  const images = await run.scoring(job.split)
  const recalibrates = job.recalibrates ?? true
  const recalibrationBatches = recalibrates ? await run.recalibrationBatches() : []
  const { supernet, session } = cache.open(job.runFolder, run)
  const measured = describeProtocol(run, job.split, images.count, services)
  const protocol = recalibrates ? measured : { ...measured, recalibrationImages: 0 }
  let evaluated = 0
  for (const candidate of job.candidates) {
    if (context.isStopping()) {
      throw new EngineError('STOPPED', `Stopped after ${evaluated} of ${job.candidates.length} candidates.`)
    }
    const started = performance.now()
    try {
      const plan = run.plan(fromGenotypeJson(run.space, candidate.genotype))
      const { accuracy, metrics } = await scoreSubnet({
        supernet,
        session,
        plan,
        recalibrationBatches,
        images,
        flipTest: run.config.search.flipTest,
        batch: SCORING_BATCH,
      })
      checkScore(accuracy, candidate)
      evaluated += 1
      context.emit({
        kind: 'candidate-evaluated',
        candidateId: candidate.candidateId,
        accuracy,
        metrics: { ...metrics, ...latencyOf(run, session, plan, recalibrationBatches[0]) },
        protocol,
        milliseconds: performance.now() - started,
      })
    } catch (thrown) {
      context.emit({
        kind: 'candidate-failed',
        candidateId: candidate.candidateId,
        error: toErrorInfo(thrown),
      })
    }
    context.emit({ kind: 'progressed', done: evaluated, total: job.candidates.length, note: 'candidates' })
    await breathe()
  }
  return { evaluated }
}

/** Empty unless the run measures it. */
function latencyOf(
  { kernels, config }: RunContext,
  session: EvaluationSession,
  plan: NetworkPlan,
  images: Value | undefined,
): Readonly<Record<string, number>> {
  if (config.search.measuresLatency !== true || images === undefined) {
    return {}
  }
  const input = firstImage(kernels, images)
  try {
    // Statistics are numbers only: with whichever, a pass takes as long.
    const forward: Forward = (value) => session.forward(plan, value).outputs
    return { [LATENCY_METRIC]: measureLatency(kernels, forward, input, () => performance.now()) }
  } finally {
    kernels.release(input.handle)
  }
}

function checkScore(accuracy: number, { genotypeId }: CandidateToEvaluate): void {
  if (!Number.isFinite(accuracy)) {
    throw new EngineError('NUMERIC', `The score of ${genotypeId} is ${accuracy}.`)
  }
}
