import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type {
  CandidateDetails,
  CandidatePredictions,
  ExportResult,
  Prediction,
  PreviewProblem,
} from '../../contract/index.ts'
import { keepIntervals } from '../intervals/kept-intervals.ts'
import { chooseBackend, INTERACTIVE_LANE } from '../pipeline/run-context.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { answer } from './answer.ts'
import type { CandidatesService, ExportRequest, PreviewService } from './engine-services.ts'
import type { FineTuneOrder, FineTuning } from './fine-tuning.ts'
import { refuseImported, requireRun } from './runs-service.ts'

export function createCandidatesService(parts: EngineParts, fineTuning: FineTuning): CandidatesService {
  const { store, hub } = parts
  /** Two clicks on one point share one job. */
  const inFlight = new Map<string, Promise<CandidatePredictions>>()
  const intervals = keepIntervals(store)
  const exporting = new Map<string, Promise<ExportResult>>()
  return {
    list: (runId) =>
      answer(() => {
        requireRun(parts, runId)
        hub.flushForReader(runId)
        return { rows: store.candidates.rows(runId), generations: store.candidates.generations(runId) }
      }),
    get: (id) => answer(() => requireCandidate(parts, id)),
    async intervals(runId, split) {
      requireRun(parts, runId)
      return intervals({ runId, split })
    },
    predict(id, sampleIds) {
      const key = JSON.stringify([id, sampleIds])
      const running = inFlight.get(key) ?? predict(parts, id, sampleIds).finally(() => inFlight.delete(key))
      inFlight.set(key, running)
      return running
    },
    export(request) {
      const key = JSON.stringify(request)
      const running =
        exporting.get(key) ?? exportCandidate(parts, request).finally(() => exporting.delete(key))
      exporting.set(key, running)
      return running
    },
    async fineTune({ id, epochs }) {
      const order = findOrder(parts, id)
      requireWeights(parts, order.run.id, 'fine-tune')
      return fineTuning.start(order, epochs)
    },
    fineTuning: async (id) => fineTuning.status(findOrder(parts, id)),
    stopFineTuning: async (id) => fineTuning.stop(findOrder(parts, id)),
  }
}

function findOrder(parts: EngineParts, id: string): FineTuneOrder {
  const candidate = requireCandidate(parts, id)
  return { candidate, run: requireRun(parts, candidate.runId) }
}

export function createPreviewService(parts: EngineParts): PreviewService {
  return {
    samples: (runId) => answer(() => requireRun(parts, runId).prepared?.previewSamples ?? []),
  }
}

async function predict(
  parts: EngineParts,
  id: string,
  sampleIds: readonly string[],
): Promise<CandidatePredictions> {
  const { store, hub, executor } = parts
  const candidate = requireCandidate(parts, id)
  const run = requireRun(parts, candidate.runId)
  const wanted = chooseSamples(run.prepared?.previewSamples.map((sample) => sample.id) ?? [], sampleIds)
  requireWeights(parts, run.id, 'predict')
  const folder = store.paths.runFolder(run.id)
  const cached = await readCache(folder, candidate.genotypeId)
  const missing = wanted.filter((sampleId) => !cached.has(sampleId))
  let problems: readonly PreviewProblem[] = []
  if (missing.length > 0) {
    const { predictions, ...answered } = await executor.runJob(
      {
        kind: 'predict',
        runId: run.id,
        config: run.config,
        runFolder: folder,
        cacheFolder: store.paths.cache,
        attempt: run.attempt,
        candidate: { candidateId: id, genotypeId: candidate.genotypeId, genotype: candidate.genotype },
        sampleIds: missing,
      },
      {
        lane: INTERACTIVE_LANE,
        isUrgent: true,
        threads: 1,
        backend: chooseBackend(run),
        logFolder: join(folder, 'logs'),
        onEvent: () => undefined,
      },
    )
    problems = answered.problems
    predictions.forEach((prediction) => cached.set(prediction.sampleId, prediction))
    await writeCache(folder, candidate.genotypeId, cached)
    hub.publish(run.id, {
      kind: 'predicted',
      candidateId: id,
      sampleIds: predictions.map(({ sampleId }) => sampleId),
    })
  }
  const predictions = wanted.map((sampleId) => cached.get(sampleId)).filter((found) => found !== undefined)
  return { candidateId: id, genotypeId: candidate.genotypeId, predictions, problems }
}

/** One folder for each way to export, so that a repeated export replaces itself only. */
export function exportFolder(
  runFolder: string,
  genotypeId: string,
  { format, dropsDeadLayers, foldsNorms = false }: Omit<ExportRequest, 'id'>,
): string {
  const variant = [
    genotypeId,
    format,
    ...(dropsDeadLayers ? ['live'] : []),
    ...(foldsNorms ? ['folded'] : []),
  ]
  return join(runFolder, 'exports', variant.join('-'))
}

async function exportCandidate(
  parts: EngineParts,
  { id, format, dropsDeadLayers, foldsNorms = false }: ExportRequest,
): Promise<ExportResult> {
  const { store, executor, codeVersion } = parts
  const candidate = requireCandidate(parts, id)
  const run = requireRun(parts, candidate.runId)
  requireWeights(parts, run.id, 'export')
  const folder = store.paths.runFolder(run.id)
  return executor.runJob(
    {
      kind: 'export',
      runId: run.id,
      config: run.config,
      runFolder: folder,
      cacheFolder: store.paths.cache,
      attempt: run.attempt,
      candidate,
      runName: run.name,
      codeVersion,
      format,
      dropsDeadLayers,
      ...(foldsNorms && { foldsNorms }),
      outputFolder: exportFolder(folder, candidate.genotypeId, { format, dropsDeadLayers, foldsNorms }),
    },
    {
      lane: INTERACTIVE_LANE,
      isUrgent: true,
      threads: 1,
      backend: chooseBackend(run),
      logFolder: join(folder, 'logs'),
      onEvent: () => undefined,
    },
  )
}

function requireWeights({ store }: EngineParts, runId: string, verb: string): void {
  refuseImported(requireRun({ store }, runId), verb)
  const isTrained = store.phases
    .list(runId)
    .some((row) => row.phase === 'supernet' && row.completedAt !== null)
  if (!isTrained) {
    throw new EngineError('CONFLICT', `Run ${runId} has no trained super-network yet, so it cannot ${verb}.`)
  }
}

function chooseSamples(known: readonly string[], asked: readonly string[]): readonly string[] {
  const unknown = asked.find((sampleId) => !known.includes(sampleId))
  if (unknown !== undefined) {
    throw new EngineError('NOT_FOUND', `There is no preview sample "${unknown}" in this run.`)
  }
  return asked.length === 0 ? known : asked
}

/** Predictions belong to genotype and run; the super-network does not change after its training. */
function cacheFile(runFolder: string, genotypeId: string): string {
  return join(runFolder, 'predictions', genotypeId, 'predictions.json')
}

async function readCache(runFolder: string, genotypeId: string): Promise<Map<string, Prediction>> {
  try {
    const text = await readFile(cacheFile(runFolder, genotypeId), 'utf8')
    const predictions = JSON.parse(text) as readonly Prediction[]
    return new Map(predictions.map((prediction) => [prediction.sampleId, prediction]))
  } catch {
    // Not predicted yet, or cut short by a kill: predicted anew.
    return new Map()
  }
}

async function writeCache(
  runFolder: string,
  genotypeId: string,
  predictions: ReadonlyMap<string, Prediction>,
): Promise<void> {
  const file = cacheFile(runFolder, genotypeId)
  await mkdir(join(runFolder, 'predictions', genotypeId), { recursive: true })
  await writeFile(`${file}.part`, JSON.stringify([...predictions.values()]))
  await rename(`${file}.part`, file)
}

function requireCandidate({ store }: EngineParts, id: string): CandidateDetails {
  const candidate = store.candidates.details(id)
  if (candidate === null) {
    throw new EngineError('NOT_FOUND', `There is no candidate ${id}.`)
  }
  return candidate
}
