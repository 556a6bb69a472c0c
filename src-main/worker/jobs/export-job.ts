import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, EXPORT_PARITY_TOLERANCE, EXPORT_SCORE_TOLERANCE } from '../../contract/index.ts'
import type { ExportChecks, ExportedFile, ExportJob, ExportResult } from '../../contract/index.ts'
import { fromGenotypeJson } from '../../nas/genotype.ts'
import type { NetworkPlan } from '../../nas/network-plan.types.ts'
import { extractSubnet, openStandAlone } from '../../supernet/extract-subnet.ts'
import type { StandAloneSubnet } from '../../supernet/extract-subnet.ts'
import { measureStatistics, releaseStatistics, uploadStatistics } from '../../supernet/recalibrate.ts'
import { decodeSafetensors, encodeSafetensors } from '../../supernet/safetensors.ts'
import type { EvaluationSession, Supernet } from '../../supernet/supernet.ts'
import type { WeightMap } from '../../supernet/weights.ts'
import type { Forward } from '../../tasks/task.ts'
import { listCounters } from '../../training/checkpoint.ts'
import { writeAtomically } from '../checkpoint-files.ts'
import { measureParity } from '../export-checks.ts'
import { describeModelCard } from '../model-card-text.ts'
import { createModelCard } from '../model-card.ts'
import { describeProtocol } from '../protocol.ts'
import type { RunContext } from '../run-context.ts'
import type { SupernetCache } from '../supernet-cache.ts'
import type { JobContext, WorkerServices } from '../worker-services.ts'
import { SCORING_BATCH } from './evaluate-job.ts'

const MODEL_FILE = 'model.safetensors'
const GENOTYPE_FILE = 'genotype.json'
const CARD_FILE = 'model-card.json'
const CARD_TEXT_FILE = 'model-card.md'

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
  const { supernet, session } = cache.open(job.runFolder, run)
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
  const modelFile = join(job.outputFolder, MODEL_FILE)
  const counters = listCounters(extracted.weights)
  writeAtomically(modelFile, encodeSafetensors(extracted.weights, metadataOf(job), counters))
  context.emit({ kind: 'progressed', done: 2, total: STEPS, note: 'written' })

  const statistics = uploadStatistics(run.kernels, host)
  try {
    const inherited: Forward = (input) => session.forward(plan, input, statistics).output
    const written = { plan: extracted.plan, weights: await readBack(modelFile) }
    const checks = await check(job, run, services, { supernet, inherited, written, context })
    requireSame(checks)
    const card = createModelCard(
      job,
      run,
      { plan, weights: written.weights, counters: counters.length, file: MODEL_FILE },
      checks,
    )
    writeText(job, GENOTYPE_FILE, toJson(job.candidate.genotype))
    writeText(job, CARD_TEXT_FILE, describeModelCard(card))
    // Last: a folder with this file is complete.
    writeText(job, CARD_FILE, toJson(card))
    return { folder: job.outputFolder, format: job.format, files: await listFiles(job.outputFolder), card }
  } catch (thrown) {
    await rm(modelFile, { force: true })
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
  const images = await run.scoring('search')
  const options = { flipTest: run.config.search.flipTest, batch: SCORING_BATCH }
  const before = await images.score(kernels, inherited, options)
  context.emit({ kind: 'progressed', done: 3, total: STEPS, note: 'scored before writing' })
  const network = openStandAlone(kernels, supernet, written)
  const session = network.openEvaluation()
  try {
    const standAlone = forwardOf(session, written.plan)
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
      scoreTolerance: EXPORT_SCORE_TOLERANCE,
      parity: measureParity(kernels, inherited, standAlone, realImages),
      parityTolerance: EXPORT_PARITY_TOLERANCE,
      protocol: describeProtocol(run, 'search', images.count, services),
    }
  } finally {
    session.close()
    network.dispose()
  }
}

function forwardOf(session: EvaluationSession, plan: NetworkPlan): Forward {
  return (input) => session.forward(plan, input).output
}

function requireSame({ inheritedAccuracy, writtenAccuracy, parity }: ExportChecks): void {
  const difference = Math.abs(inheritedAccuracy - writtenAccuracy)
  if (!(difference <= EXPORT_SCORE_TOLERANCE)) {
    throw new EngineError(
      'NUMERIC',
      `The written network scores ${String(writtenAccuracy)}, before writing it was ${String(inheritedAccuracy)}; ` +
        `at most ${String(EXPORT_SCORE_TOLERANCE)} apart is allowed. Its file was removed.`,
    )
  }
  if (!(parity <= EXPORT_PARITY_TOLERANCE)) {
    throw new EngineError(
      'NUMERIC',
      `The written network answers differently: ${parity.toExponential(2)} of the largest output; ` +
        `at most ${String(EXPORT_PARITY_TOLERANCE)} is allowed. Its file was removed.`,
    )
  }
}

/** safetensors allows text only; PyTorch's loaders look for `format`. */
function metadataOf({ candidate, config }: ExportJob): Record<string, string> {
  return {
    format: 'pt',
    producer: 'ScaleNAS Studio',
    task: config.task,
    genotypeId: candidate.genotypeId,
    genotype: JSON.stringify(candidate.genotype),
  }
}

async function readBack(file: string): Promise<WeightMap> {
  return decodeSafetensors(await readFile(file)).tensors
}

function writeText(job: ExportJob, name: string, content: string): void {
  writeAtomically(join(job.outputFolder, name), new TextEncoder().encode(content))
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

async function listFiles(folder: string): Promise<readonly ExportedFile[]> {
  const files: ExportedFile[] = []
  for (const name of [MODEL_FILE, GENOTYPE_FILE, CARD_FILE, CARD_TEXT_FILE]) {
    const content = await readFile(join(folder, name))
    files.push({ name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') })
  }
  return files
}
