import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  EngineError,
  EXPORT_PARITY_TOLERANCE,
  EXPORT_SCORE_TOLERANCE,
  FOLDED_PARITY_TOLERANCE,
  FOLDED_SCORE_TOLERANCE,
} from '../../contract/index.ts'
import type { ExportChecks, ExportJob, ExportResult } from '../../contract/index.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import { extractSubnet, openStandAlone } from '../../supernet/extract-subnet.ts'
import type { StandAloneSubnet } from '../../supernet/extract-subnet.ts'
import { foldSubnet, findFolded, openExact, openFoldedFile } from '../../supernet/open-folded.ts'
import { measureStatistics, releaseStatistics, uploadStatistics } from '../../supernet/recalibrate.ts'
import type { Supernet } from '../../supernet/supernet.ts'
import type { Forward, ScoreOptions } from '../../tasks/task.ts'
import { measureParity } from '../export-checks.ts'
import { createModelCard } from '../model-card.ts'
import {
  CARD_FILE,
  listNetworkFiles,
  MODEL_FILE,
  readModel,
  requireSame,
  writeDescription,
  writeModel,
} from '../network-files.ts'
import { describeProtocol } from '../protocol.ts'
import type { RunContext } from '../run-context.ts'
import type { SupernetCache } from '../supernet-cache.ts'
import { breatheOrStop } from '../worker-services.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'
import { SCORING_BATCH } from './evaluate-job.ts'

/**
 * Writes one candidate as a network of its own, reads it back, and measures that it is still the same network (method.md 8.1, 8.4).
 *
 * @throws EngineError NUMERIC if what was written scores or answers differently; its file is removed then.
 */
export async function runExportJob(
  job: ExportJob,
  run: RunContext,
  cache: SupernetCache,
  services: WorkerServices,
  context: JobContext,
): Promise<ExportResult> {
  const { supernet, session } = cache.open(job, run, context)
  const plan = run.plan(fromGenotypeJson(run.space, job.candidate.genotype))
  const recalibrationBatches = await run.recalibrationBatches()
  const host = measureStatistics(run.kernels, session, plan, recalibrationBatches)
  const extracted = await extractSubnet({
    supernet,
    plan,
    statistics: host,
    dropsDeadLayers: job.dropsDeadLayers,
  })
  context.emit({ kind: 'progressed', done: 1, total: STEPS, note: 'extracted' })

  await mkdir(job.outputFolder, { recursive: true })
  await rm(join(job.outputFolder, CARD_FILE), { force: true })
  const foldsNorms = job.foldsNorms === true
  const toWrite = foldsNorms ? foldSubnet(extracted) : extracted.weights
  const counters = writeModel(job.outputFolder, toWrite, job)
  context.emit({ kind: 'progressed', done: 2, total: STEPS, note: 'written' })

  const statistics = uploadStatistics(run.kernels, host)
  try {
    const inherited: Forward = (input) => session.forward(plan, input, statistics).outputs
    const written = { plan: extracted.plan, weights: await readModel(job.outputFolder) }
    const checks = await check(job, run, services, { supernet, inherited, written, context })
    requireSame({ ...checks, before: checks.inheritedAccuracy, after: checks.writtenAccuracy })
    const card = createModelCard(
      job,
      run,
      {
        ...{ plan, weights: written.weights, counters, file: MODEL_FILE },
        ...{ deadLayersDropped: job.dropsDeadLayers, normsFolded: foldsNorms, fineTuning: null },
      },
      checks,
    )
    writeDescription(job.outputFolder, card)
    return {
      ...{ folder: job.outputFolder, format: job.format, card },
      files: await listNetworkFiles(job.outputFolder),
    }
  } catch (thrown) {
    await rm(join(job.outputFolder, MODEL_FILE), { force: true })
    throw thrown
  } finally {
    releaseStatistics(run.kernels, statistics)
  }
}

/** Extracted, written, scored before, scored after. */
const STEPS = 4

interface Compared {
  readonly supernet: Supernet
  readonly inherited: Forward
  readonly written: StandAloneSubnet
  readonly context: JobContext
}

async function check(
  job: ExportJob,
  run: RunContext,
  services: WorkerServices,
  { supernet, inherited, written, context }: Compared,
): Promise<ExportChecks> {
  const { kernels } = run
  const images = run.scoring('search')
  const options: ScoreOptions = {
    ...{ flipTest: run.config.search.flipTest, batch: SCORING_BATCH },
    pause: (done, of) => breatheOrStop(context, done, of),
  }
  const before = await images.score(kernels, inherited, options)
  context.emit({ kind: 'progressed', done: 3, total: STEPS, note: 'scored before writing' })
  const folded = job.foldsNorms === true ? findFolded(written.plan, written.weights) : null
  const network =
    folded === null
      ? openExact(openStandAlone(kernels, supernet, written), written.plan)
      : openFoldedFile(kernels, supernet, folded, written.weights)
  try {
    const standAlone: Forward = (input) => network.forward(input)
    const after = await images.score(kernels, standAlone, options)
    const [realImages] = await run.recalibrationBatches()
    if (realImages === undefined) {
      throw new EngineError('INTERNAL', 'A run has at least one recalibration batch, this one has none.')
    }
    context.emit({ kind: 'progressed', done: 4, total: STEPS, note: 'scored what was written' })
    return {
      recordedAccuracy: job.candidate.accuracy,
      inheritedAccuracy: before.accuracy,
      writtenAccuracy: after.accuracy,
      writtenMetrics: after.metrics,
      scoreTolerance: folded === null ? EXPORT_SCORE_TOLERANCE : FOLDED_SCORE_TOLERANCE,
      parity: measureParity(kernels, inherited, standAlone, realImages),
      parityTolerance: folded === null ? EXPORT_PARITY_TOLERANCE : FOLDED_PARITY_TOLERANCE,
      protocol: describeProtocol(run, 'search', images.count, services),
    }
  } finally {
    network.dispose()
  }
}
