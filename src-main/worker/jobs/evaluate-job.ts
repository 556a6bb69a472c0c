import { performance } from 'node:perf_hooks'
import { EngineError, LATENCY_METRIC, packPictureResults, toErrorInfo } from '../../contract/index.ts'
import type {
  CandidateToEvaluate,
  EvaluateJob,
  EvaluateResult,
  FromWorker,
  RunConfig,
} from '../../contract/index.ts'
import type { Value } from '../../compute/network-ops.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import { planParameters } from '../../nas/network-plan.ts'
import type { NetworkPlan } from '../../nas/network-plan.types.ts'
import { sharingOrder } from '../../nas/sharing-order.ts'
import { withoutDeadNodes } from '../../supernet/extract-subnet.ts'
import { openFolded } from '../../supernet/open-folded.ts'
import type { Supernet } from '../../supernet/supernet.ts'
import { evaluateCandidates } from '../evaluate-candidates.ts'
import type { PlannedCandidate } from '../evaluate-candidates.ts'
import type { Forward } from '../../tasks/task.ts'
import { firstImage, measureLatency } from '../latency.ts'
import { describeProtocol } from '../protocol.ts'
import type { RunContext } from '../run-context.ts'
import type { SupernetCache } from '../supernet-cache.ts'
import { writeDetections } from '../write-detections.ts'
import { breathe } from '../worker-services.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'

/** Images in one forward pass of scoring; the score does not depend on it. */
export const SCORING_BATCH = 16

/** Scores candidates with inherited weights, or the teacher's. One bad candidate is reported and the others go on. */
export async function runEvaluateJob(
  job: EvaluateJob,
  run: RunContext,
  cache: SupernetCache,
  services: WorkerServices,
  context: JobContext,
): Promise<EvaluateResult> {
  const images = run.scoring(job.split)
  const recalibrates = job.recalibrates ?? true
  const recalibrationBatches = recalibrates ? await run.recalibrationBatches() : []
  const { supernet, session, kept } = cache.open(job, run, context)
  const measured = describeProtocol(run, job.split, images.count, services)
  const protocol = recalibrates ? measured : { ...measured, recalibrationImages: 0 }
  const progress = createProgress(job, context)
  const work = await evaluateCandidates(
    planCandidates(job, run, progress.fail),
    {
      ...{ supernet, session, recalibrationBatches, images },
      ...{ flipTest: run.config.search.flipTest, batch: SCORING_BATCH },
      sharedBytes: sharedBytesOf(run.config),
      ...(job.split === 'search' ? { kept } : {}),
      pause: progress.pause,
      now: () => performance.now(),
    },
    {
      async onScore({ candidate, plan }, { accuracy, metrics, detections, pictures }, milliseconds) {
        if (!Number.isFinite(accuracy)) {
          const message = `The score of ${candidate.genotypeId} is ${accuracy}.`
          progress.fail(candidate, new EngineError('NUMERIC', message))
          return
        }
        // The file of a genotype is the candidate's own.
        if (job.split === 'report' && job.weights === undefined && detections !== undefined) {
          writeDetections(job.runFolder, candidate.genotypeId, detections)
        }
        const latency = await latencyOf(run, supernet, plan, recalibrationBatches[0])
        progress.succeed({
          candidateId: candidate.candidateId,
          ...{ accuracy, metrics: { ...metrics, ...latency }, protocol, milliseconds },
          ...(pictures !== undefined && { pictures: packPictureResults(pictures) }),
        })
      },
      onFailure({ candidate }, thrown) {
        progress.fail(candidate, thrown)
      },
      onSplit(members, thrown) {
        const { code, message } = toErrorInfo(thrown)
        context.log('warn', `${members} candidates are scored one by one, after ${code}: ${message}`)
      },
    },
  )
  return { evaluated: progress.evaluated(), ...work }
}

const BYTES_PER_MEGABYTE = 1e6
const DEFAULT_SHARED_MEGABYTES = 512

export function sharedBytesOf({ search }: RunConfig): number {
  return (search.sharedMemory ?? DEFAULT_SHARED_MEGABYTES) * BYTES_PER_MEGABYTE
}

/** In the order in which they share most; a genotype that is none of this space fails at once. */
function planCandidates(
  { candidates }: EvaluateJob,
  run: RunContext,
  fail: (candidate: CandidateToEvaluate, thrown: unknown) => void,
): PlannedCandidate[] {
  const read = candidates.flatMap((candidate) => {
    try {
      const genotype = fromGenotypeJson(run.space, candidate.genotype)
      return [{ candidate, genotype, plan: run.plan(genotype) }]
    } catch (thrown) {
      fail(candidate, thrown)
      return []
    }
  })
  return sharingOrder(read.map(({ genotype }) => genotype)).flatMap((index) => read[index] ?? [])
}

type Evaluated = Omit<Extract<FromWorker, { readonly kind: 'candidate-evaluated' }>, 'kind' | 'jobId'>

interface EvaluationProgress {
  readonly evaluated: () => number
  readonly succeed: (evaluated: Evaluated) => void
  readonly fail: (candidate: CandidateToEvaluate, thrown: unknown) => void
  /** @throws EngineError STOPPED when the job is to end. */
  readonly pause: (done?: number, of?: number) => Promise<void>
}

/** Of the notes in between, which tell of pictures. */
const TELL_EVERY_MS = 1000

function createProgress({ candidates }: EvaluateJob, context: JobContext): EvaluationProgress {
  let evaluated = 0
  let toldAt = performance.now()
  const tell = (note = 'candidates'): void => {
    toldAt = performance.now()
    context.emit({ kind: 'progressed', done: evaluated, total: candidates.length, note })
  }
  return {
    evaluated: () => evaluated,
    succeed(body) {
      evaluated += 1
      context.emit({ kind: 'candidate-evaluated', ...body })
      tell()
    },
    fail({ candidateId }, thrown) {
      context.emit({ kind: 'candidate-failed', candidateId, error: toErrorInfo(thrown) })
      tell()
    },
    async pause(done, of) {
      await breathe(context)
      if (done !== undefined && of !== undefined && performance.now() - toldAt >= TELL_EVERY_MS) {
        tell(`candidates, ${done} of ${of} images of the next`)
      }
      if (context.isStopping()) {
        throw new EngineError('STOPPED', `Stopped after ${evaluated} of ${candidates.length} candidates.`)
      }
    },
  }
}

/** Of the network as it is deployed, norms folded and dead layers left out; empty unless the run measures it. */
async function latencyOf(
  { kernels, config }: RunContext,
  supernet: Supernet,
  plan: NetworkPlan,
  images: Value | undefined,
): Promise<Readonly<Record<string, number>>> {
  if (config.search.measuresLatency !== true || images === undefined) {
    return {}
  }
  const live = withoutDeadNodes(plan)
  // Statistics are numbers only: with whichever, a pass takes as long.
  const weights = await supernet.weights(planParameters(live))
  const { space, shape } = supernet
  const network = openFolded(kernels, { space, shape, plan: live }, weights)
  try {
    const input = firstImage(kernels, images)
    try {
      const forward: Forward = (value) => network.forward(value)
      return { [LATENCY_METRIC]: measureLatency(kernels, forward, input, () => performance.now()) }
    } finally {
      kernels.release(input.handle)
    }
  } finally {
    network.dispose()
  }
}
