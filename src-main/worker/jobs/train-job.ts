import { performance } from 'node:perf_hooks'
import type { PanelPoint, TrainJob, TrainResult } from '../../contract/index.ts'
import { openBatchLoader } from '../../datasets/batch-loader.ts'
import { isDistilled } from '../../nas/distillation-weight.ts'
import { fromGenotypeJson, genotypeId } from '../../nas/genotype.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../nas/named-genotypes.ts'
import type { NetworkPlan } from '../../nas/network-plan.types.ts'
import { createRandom } from '../../nas/random.ts'
import { drawTrainingGenotype, sampleUniform } from '../../nas/sampling.ts'
import type { Supernet } from '../../supernet/supernet.ts'
import type { WeightMap } from '../../supernet/weights.ts'
import { encodeOptimizer, encodeWeights } from '../../training/checkpoint.ts'
import { Optimizer } from '../../training/optimizer.ts'
import { scoreSubnet } from '../../training/score-subnet.ts'
import { trainPhase } from '../../training/train-phase.ts'
import type { TrainHooks } from '../../training/train-phase.ts'
import type { Teacher } from '../../training/train-iteration.ts'
import { checkpointFile, pruneCheckpoints, writeCheckpoint } from '../checkpoint-files.ts'
import type { RunContext } from '../run-context.ts'
import { readFinishedWeights, readNewestCheckpoint, startingSupernet, toSupernet } from '../supernet-files.ts'
import type { ProvenCheckpoint } from '../supernet-files.ts'
import { breathe, loaderThreads } from '../worker-services.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'

/** The newest two: if the newest turns out damaged, training goes on from the one before. */
const KEPT_CHECKPOINTS = 2
/** Search images that the panel during training is scored on: enough to see a trend, few enough to cost seconds. */
const PANEL_IMAGES = 120
const PANEL_RANDOM_MEMBERS = 3
/** The super-network sees other batches than the teacher did. */
const SUPERNET_SEED_OFFSET = 1

/** Trains the teacher or the super-network to its end, from the newest whole checkpoint of that phase if there is one. */
export async function runTrainJob(
  job: TrainJob,
  run: RunContext,
  services: WorkerServices,
  context: JobContext,
): Promise<TrainResult> {
  const { phase } = job
  const { perEpoch, total } = run.iterations(phase)
  const place = { runFolder: job.runFolder, phase, known: job.checkpoints }
  const newest = readNewestCheckpoint(place, run, context)
  if (newest !== null && newest.iteration >= total) {
    return { iterations: total, finalLoss: Number.NaN }
  }
  const startIteration = newest?.iteration ?? 0
  const supernet = await openStart(job, run, newest, context)
  const teacher = phase === 'supernet' && job.subnet === undefined ? openTeacher(job, run, context) : null
  const optimizer = new Optimizer(supernet, run.config[phase].optimizer)
  if (newest !== null) {
    optimizer.restore(newest.states)
    context.log('info', `Resumed the ${phase} after iteration ${startIteration} of ${total}`)
  }
  const loader = openBatchLoader({
    config: run.config,
    dataset: run.dataset,
    ...loaderThreads(job, services),
    batch: run.config[phase].batch,
    startIteration,
    seed: run.config.seed + (phase === 'supernet' ? SUPERNET_SEED_OFFSET : 0),
  })
  try {
    const finalLoss = await trainPhase({
      phase,
      attempt: job.attempt,
      supernet,
      optimizer,
      task: run.task,
      config: run.config[phase],
      teacher: teacher?.teacher ?? null,
      drawPlan: createDraw(job, run),
      nextBatch: () => loader.next(),
      iterationsPerEpoch: perEpoch,
      startIteration,
      totalIterations: total,
      hooks: createHooks({ job, run, supernet, optimizer, total, context }),
    })
    return { iterations: total, finalLoss }
  } finally {
    await loader.close()
    optimizer.dispose()
    teacher?.close()
    supernet.dispose()
  }
}

interface Running {
  readonly job: TrainJob
  readonly run: RunContext
  readonly supernet: Supernet
  readonly optimizer: Optimizer
  readonly total: number
  readonly context: JobContext
}

function createHooks(running: Running): TrainHooks {
  const { job, context } = running
  return {
    onMetrics: (points) => {
      context.emit({ kind: 'metrics-recorded', points })
    },
    onProgress: (done, total) => {
      context.emit({ kind: 'progressed', done, total, note: `${job.phase} iteration ${done} of ${total}` })
    },
    onCheckpoint: async (iteration) => {
      await saveCheckpoint(running, iteration)
      await evaluatePanel(running, iteration)
    },
    shouldStop: () => context.isStopping(),
    breathe: () => breathe(context),
    now: () => performance.now(),
    residentBytes: () => process.memoryUsage.rss(),
  }
}

function openStart(
  job: TrainJob,
  run: RunContext,
  newest: ProvenCheckpoint | null,
  context: JobContext,
): Supernet | Promise<Supernet> {
  if (newest !== null) {
    return toSupernet(run, newest.weights)
  }
  // The student starts from the teacher's weights (method.md 5.2), unless the run wants none.
  return job.phase === 'teacher' || job.subnet !== undefined || run.config.supernet.start === 'fresh'
    ? startingSupernet(run, (line) => {
        context.log('info', line)
      })
    : toSupernet(run, readTeacher(job, run, context))
}

function readTeacher(job: TrainJob, run: RunContext, context: JobContext): WeightMap {
  const { runFolder, teacherFolder = runFolder, checkpoints } = job
  // The ledger of this run knows nothing of another's files.
  const known = teacherFolder === runFolder ? checkpoints : undefined
  return readFinishedWeights({ runFolder: teacherFolder, phase: 'teacher', known }, run, context)
}

function openTeacher(
  job: TrainJob,
  run: RunContext,
  context: JobContext,
): { teacher: Teacher; close(): void } | null {
  if (!isDistilled(run.config.supernet)) {
    return null
  }
  const network = toSupernet(run, readTeacher(job, run, context))
  const session = network.openEvaluation()
  return {
    teacher: { session, plan: run.plan(largestGenotype(run.space)) },
    close() {
      session.close()
      network.dispose()
    },
  }
}

function createDraw(
  job: TrainJob,
  run: RunContext,
): (iteration: number) => { plan: NetworkPlan; turn: number } {
  const only = onlyMember(job, run)
  if (only !== null) {
    const plan = run.plan(only)
    return () => ({ plan, turn: -1 })
  }
  return (iteration) => {
    const { genotype, turn } = drawTrainingGenotype(run.space, {
      mode: run.config.supernet.sampling,
      runSeed: run.config.seed,
      iteration,
    })
    return { plan: run.plan(genotype), turn: turn.index }
  }
}

/** The member that every iteration trains; null where members are sampled. */
function onlyMember({ phase, subnet }: TrainJob, { space }: RunContext): Genotype | null {
  if (subnet !== undefined) {
    return fromGenotypeJson(space, subnet)
  }
  return phase === 'teacher' ? largestGenotype(space) : null
}

async function saveCheckpoint(
  { job, supernet, optimizer, total, context }: Running,
  iteration: number,
): Promise<void> {
  const facts = { phase: job.phase, iteration, totalIterations: total }
  const weights = encodeWeights(await supernet.weights(), facts)
  const state = encodeOptimizer(await optimizer.state(), facts)
  const file = checkpointFile(job.runFolder, job.phase, iteration)
  const checksums = await writeCheckpoint(file, weights, state)
  pruneCheckpoints(job.runFolder, job.phase, KEPT_CHECKPOINTS)
  context.emit({
    kind: 'checkpoint-written',
    phase: job.phase,
    iteration,
    bytes: weights.length + state.length,
    file: file.weightsFile,
    ...checksums,
  })
}

/** Scores a fixed panel with recalibration, on a copy of the statistics (method.md 5.2): the same members at every checkpoint. */
async function evaluatePanel({ job, run, supernet, context }: Running, iteration: number): Promise<void> {
  const session = supernet.openEvaluation()
  try {
    const images = run.scoring('search', PANEL_IMAGES)
    const recalibrationBatches = await run.recalibrationBatches()
    const scores: PanelPoint['scores'][number][] = []
    for (const [label, genotype] of panelMembers(job, run)) {
      const { accuracy } = await scoreSubnet({
        supernet,
        session,
        plan: run.plan(genotype),
        recalibrationBatches,
        images,
        flipTest: false,
        batch: run.config.search.recalibrationBatchSize,
      })
      scores.push({ label, genotypeId: genotypeId(genotype), accuracy })
      await breathe(context)
    }
    context.emit({
      kind: 'panel-evaluated',
      point: { phase: job.phase, attempt: job.attempt, iteration, scores },
    })
  } finally {
    session.close()
  }
}

function panelMembers(job: TrainJob, run: RunContext): readonly (readonly [string, Genotype])[] {
  const only = onlyMember(job, run)
  if (only !== null) {
    return [[job.subnet === undefined ? 'largest' : 'alone', only]]
  }
  const { space, config } = run
  const random = createRandom(config.seed, 'panel')
  return [
    ['smallest', smallestGenotype(space)],
    ['hrnet', hrnetGenotype(space)],
    ['largest', largestGenotype(space)],
    ...Array.from(
      { length: PANEL_RANDOM_MEMBERS },
      (_, i) => [`random ${i + 1}`, sampleUniform(space, random)] as const,
    ),
  ]
}
