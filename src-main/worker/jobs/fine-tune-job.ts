import { mkdir, rename, rm } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { EngineError, EXPORT_PARITY_TOLERANCE, EXPORT_SCORE_TOLERANCE } from '../../contract/index.ts'
import type {
  ExportChecks,
  FineTuneJob,
  FineTuneRecord,
  FineTuneResult,
  FineTuneScores,
  SplitAccuracies,
} from '../../contract/index.ts'
import { openBatchLoader } from '../../datasets/batch-loader.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import { extractSubnet, openStandAlone } from '../../supernet/extract-subnet.ts'
import type { StandAloneSubnet } from '../../supernet/extract-subnet.ts'
import { measureStatistics } from '../../supernet/recalibrate.ts'
import type { Forward, ScoreOptions, ScoreResult } from '../../tasks/task.ts'
import { fineTune } from '../../training/fine-tune.ts'
import type { FineTuned, FineTuneHooks } from '../../training/fine-tune.ts'
import { forwardWithRunning } from '../../training/score-subnet.ts'
import { measureParity } from '../export-checks.ts'
import { createModelCard } from '../model-card.ts'
import {
  listNetworkFiles,
  MODEL_FILE,
  readModel,
  requireSame,
  toJson,
  writeDescription,
  writeModel,
  writeText,
} from '../network-files.ts'
import { describeProtocol } from '../protocol.ts'
import type { RunContext } from '../run-context.ts'
import type { SupernetCache } from '../supernet-cache.ts'
import { breathe, breatheOrStop, loaderThreads } from '../worker-services.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'
import { SCORING_BATCH } from './evaluate-job.ts'

/** What the engine reads to find a fine-tune again. */
const RECORD_FILE = 'fine-tune.json'
/** Other batches than teacher (0) and super-network (1) saw. */
const FINE_TUNE_SEED_OFFSET = 2
/** Often enough to look live. */
const PROGRESS_EVERY_MS = 400

/**
 * Fine-tunes one candidate (method.md 8.3) and writes it with a card. Everything is written to a folder beside the real one, which
 * takes its place at the end: a job that is stopped or killed leaves what was there before.
 *
 * @throws EngineError STOPPED, or NUMERIC if the training diverges or the written file is not the trained network.
 */
export async function runFineTuneJob(
  job: FineTuneJob,
  run: RunContext,
  cache: SupernetCache,
  services: WorkerServices,
  context: JobContext,
): Promise<FineTuneResult> {
  const draft = `${job.outputFolder}.part`
  await rm(draft, { recursive: true, force: true })
  const start = await extractStart(job, run, cache, context)
  const inherited = await scoreBoth(run, start, context)
  const tuned = await train(job, run, services, { start, context })
  try {
    await mkdir(draft, { recursive: true })
    const record = await writeNetwork(job, run, services, { draft, start, inherited, tuned, context })
    writeText(draft, RECORD_FILE, toJson(record))
    await replaceFolder(draft, job.outputFolder)
    return { ...record, folder: job.outputFolder }
  } catch (thrown) {
    await rm(draft, { recursive: true, force: true })
    throw thrown
  }
}

/** The candidate with inherited weights and recalibrated statistics; the super-network leaves the device afterwards. */
async function extractStart(
  job: FineTuneJob,
  run: RunContext,
  cache: SupernetCache,
  context: JobContext,
): Promise<StandAloneSubnet> {
  const { supernet, session } = cache.open(job, run, context)
  const plan = run.plan(fromGenotypeJson(run.space, job.candidate.genotype))
  const statistics = measureStatistics(run.kernels, session, plan, await run.recalibrationBatches())
  const start = await extractSubnet({ supernet, plan, statistics })
  cache.close()
  return start
}

async function train(
  job: FineTuneJob,
  run: RunContext,
  services: WorkerServices,
  { start, context }: { readonly start: StandAloneSubnet; readonly context: JobContext },
): Promise<FineTuned> {
  const { config, dataset, task } = run
  const images = run.scoring('search')
  const network = openStandAlone(run.kernels, run, start)
  const loader = openBatchLoader({
    ...{ config, dataset, batch: config.supernet.batch, ...loaderThreads(job, services) },
    seed: config.seed + FINE_TUNE_SEED_OFFSET,
  })
  try {
    return await fineTune({
      ...{ network, plan: start.plan, task, stages: job.stages },
      iterationsPerEpoch: run.iterations('supernet').perEpoch,
      nextBatch: () => loader.next(),
      evaluate: async (forward) =>
        (await images.score(run.kernels, forward, scoreOptions(run, context))).accuracy,
      hooks: createHooks(context),
    })
  } finally {
    await loader.close()
    network.dispose()
  }
}

function createHooks(context: JobContext): FineTuneHooks {
  let toldAt = -Infinity
  return {
    onProgress(done, total, note) {
      if (performance.now() - toldAt >= PROGRESS_EVERY_MS) {
        toldAt = performance.now()
        context.emit({ kind: 'progressed', done, total, note })
      }
    },
    onEpoch({ epoch, learningRate, loss, accuracy }) {
      context.log(
        'info',
        `Fine-tune epoch ${epoch}: rate ${learningRate}, loss ${loss.toPrecision(4)}, search ${accuracy.toFixed(5)}`,
      )
    },
    shouldStop: () => context.isStopping(),
    breathe: () => breathe(context),
  }
}

interface Outcome {
  readonly draft: string
  readonly start: StandAloneSubnet
  readonly inherited: Scored
  readonly tuned: FineTuned
  readonly context: JobContext
}

/** Writes the kept epoch, reads it back, and gives the scores of what was read. */
async function writeNetwork(
  job: FineTuneJob,
  run: RunContext,
  services: WorkerServices,
  { draft, start: { plan }, inherited, tuned: { best, epochs }, context }: Outcome,
): Promise<FineTuneRecord> {
  const counters = writeModel(draft, best.weights, job)
  const weights = await readModel(draft)
  const written = await scoreBoth(run, { plan, weights }, context)
  const parity = await compare(run, { plan, weights: best.weights }, { plan, weights })
  requireSame({ before: best.accuracy, after: written.search.accuracy, parity })
  const scores: FineTuneScores = {
    metricName: run.task.metricName,
    samples: inherited.samples,
    protocols: {
      search: describeProtocol(run, 'search', inherited.samples.search, services),
      report: describeProtocol(run, 'report', inherited.samples.report, services),
    },
    inherited: accuraciesOf(inherited),
    fineTuned: accuraciesOf(written),
    ...{ bestEpoch: best.epoch, epochs, stages: job.stages, batch: run.config.supernet.batch },
  }
  const checks: ExportChecks = {
    recordedAccuracy: job.candidate.accuracy,
    inheritedAccuracy: inherited.search.accuracy,
    writtenAccuracy: written.search.accuracy,
    writtenMetrics: written.search.metrics,
    scoreTolerance: EXPORT_SCORE_TOLERANCE,
    parity,
    parityTolerance: EXPORT_PARITY_TOLERANCE,
    protocol: describeProtocol(run, 'search', inherited.samples.search, services),
  }
  const network = {
    ...{ plan, weights, counters, file: MODEL_FILE },
    ...{ deadLayersDropped: false, fineTuning: scores },
  }
  writeDescription(draft, createModelCard(job, run, network, checks))
  const { id: candidateId, genotypeId } = job.candidate
  return { candidateId, genotypeId, files: await listNetworkFiles(draft), ...scores }
}

interface Scored {
  readonly search: ScoreResult
  readonly report: ScoreResult
  readonly samples: FineTuneScores['samples']
}

function accuraciesOf({ search, report }: Scored): SplitAccuracies {
  return { search: search.accuracy, report: report.accuracy }
}

function scoreBoth(run: RunContext, subnet: StandAloneSubnet, context: JobContext): Promise<Scored> {
  return withNetwork(run, subnet, async (forward) => {
    const [search, report] = [run.scoring('search'), run.scoring('report')]
    return {
      search: await search.score(run.kernels, forward, scoreOptions(run, context)),
      report: await report.score(run.kernels, forward, scoreOptions(run, context)),
      samples: { search: search.count, report: report.count },
    }
  })
}

async function compare(run: RunContext, first: StandAloneSubnet, second: StandAloneSubnet): Promise<number> {
  const [images] = await run.recalibrationBatches()
  if (images === undefined) {
    throw new EngineError('INTERNAL', 'A run has at least one recalibration batch, this one has none.')
  }
  return withNetwork(run, first, (one) =>
    withNetwork(run, second, (other) => Promise.resolve(measureParity(run.kernels, one, other, images))),
  )
}

async function withNetwork<T>(
  run: RunContext,
  subnet: StandAloneSubnet,
  use: (forward: Forward) => Promise<T>,
): Promise<T> {
  const network = openStandAlone(run.kernels, run, subnet)
  const session = network.openEvaluation()
  try {
    return await use(forwardWithRunning(session, subnet.plan))
  } finally {
    session.close()
    network.dispose()
  }
}

function scoreOptions({ config }: RunContext, context: JobContext): ScoreOptions {
  return {
    ...{ flipTest: config.search.flipTest, batch: SCORING_BATCH },
    pause: (done, of) => breatheOrStop(context, done, of),
  }
}

/** A folder cannot be renamed over another one that has files, so the old one steps aside first. */
async function replaceFolder(draft: string, target: string): Promise<void> {
  const old = `${target}.old`
  await rm(old, { recursive: true, force: true })
  try {
    await rename(target, old)
  } catch (thrown) {
    // The first fine-tune of this genotype replaces nothing.
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new EngineError('STORAGE', `Cannot replace ${target}: ${String(thrown)}`)
    }
  }
  try {
    await rename(draft, target)
  } catch (thrown) {
    // What was there before goes back; where nothing was, there is nothing to put back.
    await rename(old, target).catch(() => undefined)
    throw new EngineError('STORAGE', `Cannot put the fine-tuned network in ${target}: ${String(thrown)}`)
  }
  await rm(old, { recursive: true, force: true })
}
