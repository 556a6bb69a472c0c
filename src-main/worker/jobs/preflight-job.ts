import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { PreflightJob, PreflightJobResult } from '../../contract/index.ts'
import { openBatchLoader } from '../../datasets/batch-loader.ts'
import type { Batch } from '../../datasets/batch.ts'
import { mostDistillationWeight, needsTeacher } from '../../nas/distillation-weight.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { largestGenotype, smallestGenotype } from '../../nas/named-genotypes.ts'
import type { Supernet } from '../../supernet/supernet.ts'
import { decodeWeights, encodeOptimizer, encodeWeights } from '../../training/checkpoint.ts'
import { Optimizer } from '../../training/optimizer.ts'
import { scoreSubnet } from '../../training/score-subnet.ts'
import { trainIteration } from '../../training/train-iteration.ts'
import type { Teacher } from '../../training/train-iteration.ts'
import { checkpointFile, readCheckpoint, writeCheckpoint } from '../checkpoint-files.ts'
import type { RunContext } from '../run-context.ts'
import { startingSupernet } from '../supernet-files.ts'
import type { JobContext } from '../worker-services.ts'
import { SCORING_BATCH } from './evaluate-job.ts'

/** The first iteration compiles kernels for its shapes; the least of the following is the pace of a quiet machine. */
const TIMED_ITERATIONS = 3

interface Preflight {
  readonly job: PreflightJob
  readonly run: RunContext
  readonly context: JobContext
  readonly supernet: Supernet
  readonly optimizer: Optimizer
  readonly teacher: Teacher
}

/** One of everything that the run will do, on a throw-away network: what fails here would fail an hour later. */
export async function runPreflightJob(
  job: PreflightJob,
  run: RunContext,
  context: JobContext,
): Promise<PreflightJobResult> {
  const { value: supernet } = await check(
    context,
    'Draw the weights that training starts with',
    'teacher.startWeights',
    () => startingSupernet(run, () => undefined),
  )
  const session = supernet.openEvaluation()
  const optimizer = new Optimizer(supernet, run.config.supernet.optimizer)
  const teacher = { session: supernet.openEvaluation(), plan: run.plan(largestGenotype(run.space)) }
  const preflight: Preflight = { job, run, context, supernet, optimizer, teacher }
  try {
    const batch = await check(context, 'Read one batch and draw targets', 'dataset.path', () =>
      readBatch(run),
    )
    const smallest = await checkIterations(preflight, 'smallest', smallestGenotype(run.space), batch.value)
    const largest = await checkIterations(preflight, 'largest', largestGenotype(run.space), batch.value)
    const evaluation = await check(
      context,
      'Recalibrate, then evaluate the largest subnet',
      'search.searchLimit',
      async () =>
        scoreSubnet({
          supernet,
          session,
          plan: run.plan(largestGenotype(run.space)),
          recalibrationBatches: await run.recalibrationBatches(),
          images: run.scoring('search'),
          flipTest: run.config.search.flipTest,
          batch: SCORING_BATCH,
        }),
    )
    await check(context, 'Write a checkpoint and read it back', null, () => checkpointRoundTrip(preflight))
    return {
      iterationMsSmallest: smallest,
      iterationMsLargest: largest,
      evaluationMs: evaluation.milliseconds,
      iterationsTeacher: needsTeacher(run.config.supernet) ? run.iterations('teacher').total : 0,
      iterationsSupernet: run.iterations('supernet').total,
      peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
      dataset: run.dataset.facts,
    }
  } finally {
    teacher.session.close()
    session.close()
    optimizer.dispose()
    supernet.dispose()
  }
}

/** Runs a step, reports it as a check, and hands its failure on. */
async function check<T>(
  context: JobContext,
  name: string,
  field: string | null,
  run: () => Promise<T>,
): Promise<{ value: T; milliseconds: number }> {
  const started = performance.now()
  try {
    const value = await run()
    const milliseconds = performance.now() - started
    context.emit({
      kind: 'check-finished',
      check: { name, status: 'passed', detail: '', milliseconds, field: null },
    })
    return { value, milliseconds }
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown)
    context.emit({
      kind: 'check-finished',
      check: { name, status: 'failed', detail, milliseconds: null, field },
    })
    throw thrown
  }
}

async function readBatch({ config, dataset }: RunContext): Promise<Batch> {
  const loader = openBatchLoader({ config, dataset, threadUrl: null, batch: config.supernet.batch })
  try {
    return await loader.next()
  } finally {
    await loader.close()
  }
}

/** @returns Milliseconds of one iteration with distillation. */
async function checkIterations(
  preflight: Preflight,
  label: string,
  genotype: Genotype,
  batch: Batch,
): Promise<number> {
  const times: number[] = []
  await check(preflight.context, `Training iteration, ${label} subnet`, 'supernet.batch', () => {
    for (let i = 0; i <= TIMED_ITERATIONS; i++) {
      const started = performance.now()
      iterate(preflight, genotype, batch)
      times.push(performance.now() - started)
    }
    return Promise.resolve()
  })
  return Math.min(...times.slice(1))
}

function iterate({ run, supernet, optimizer, teacher }: Preflight, genotype: Genotype, batch: Batch): void {
  const { kernels, config } = run
  const onDevice = run.task.upload(kernels, batch)
  const losses = trainIteration({
    supernet,
    optimizer,
    plan: run.plan(genotype),
    batch: onDevice,
    // The weights are thrown away: a tiny rate only keeps them finite.
    learningRate: 1e-6,
    teacher,
    distillationWeight: mostDistillationWeight(config.supernet),
    idleWeights: 'skipIdle',
  })
  for (const loss of [losses.task, losses.distillation]) {
    if (loss !== null) {
      kernels.downloadSync(loss)
      kernels.release(loss)
    }
  }
  onDevice.release()
}

async function checkpointRoundTrip({ job, supernet, optimizer }: Preflight): Promise<void> {
  await mkdir(job.cacheFolder, { recursive: true })
  const folder = await mkdtemp(join(job.cacheFolder, 'preflight-'))
  try {
    const facts = { phase: 'supernet', iteration: 0, totalIterations: 0 } as const
    const file = checkpointFile(folder, 'supernet', 0)
    const weights = await supernet.weights()
    await writeCheckpoint(
      file,
      encodeWeights(weights, facts),
      encodeOptimizer(await optimizer.state(), facts),
    )
    const read = decodeWeights(readCheckpoint(file.weightsFile)).weights
    if (read.size !== weights.size) {
      throw new Error(`wrote ${weights.size} tensors, read ${read.size}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
