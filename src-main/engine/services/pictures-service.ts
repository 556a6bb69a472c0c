import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, LONGEST_SHOWN_SIDE } from '../../contract/index.ts'
import type {
  CandidateDetails,
  ModelCard,
  OwnPicture,
  OwnPictureAnswer,
  PictureBox,
  PredictFilesResult,
  PreviewSample,
} from '../../contract/index.ts'
import { toEngineError } from '../../store/storage-error.ts'
import { chooseBackend, INTERACTIVE_LANE } from '../pipeline/run-context.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import { exportFolder } from './candidates-service.ts'
import { networkOfCard } from './card-network.ts'
import type { CandidatesService, PictureQuestion, PicturesService } from './engine-services.ts'
import { readReport, toPrediction } from './picture-report.ts'
import type { PictureReport } from './picture-report.ts'
import {
  listPictures,
  pictureFiles,
  picturePaths,
  removePicture,
  requirePicture,
  storePicture,
  writePicture,
} from './picture-files.ts'
import { refuseImported, requireRun } from './runs-service.ts'

/** Of the model card that makes an export complete (worker/network-files.ts). */
const CARD_FILE = 'model-card.json'
const ANSWER_DIGITS = 8

/** Pictures of the user's own: kept below the run, answered by the exported candidate as `scalenas predict` does. */
export function createPicturesService(
  parts: EngineParts,
  candidates: Pick<CandidatesService, 'get' | 'export'>,
): PicturesService {
  const { paths } = parts.store
  return {
    async list(runId) {
      requireRun(parts, runId)
      return listPictures(paths, runId)
    },
    async remove(runId, pictureId) {
      requireRun(parts, runId)
      await removePicture(paths, runId, pictureId)
    },
    async predict(question) {
      const candidate = await candidates.get(question.candidateId)
      const picture = await requirePicture(paths, candidate.runId, question.pictureId)
      const box = checkBox(parts, candidate, question.box)
      const { folder, card } = await findExport(parts, candidates, candidate)
      return answerPicture(parts, { question: { ...question, box }, candidate, picture, folder, card })
    },
  }
}

/**
 * Takes a picture in by its bytes.
 *
 * @throws EngineError BAD_REQUEST for what is no picture, CONFLICT for a run that cannot answer one, STORAGE on a full disk.
 */
export async function addPicture(
  parts: EngineParts,
  runId: string,
  name: string,
  content: Uint8Array,
): Promise<OwnPicture> {
  refuseImported(requireRun(parts, runId), 'predict')
  try {
    return await storePicture(parts.store.paths, runId, { name, content, now: parts.now() })
  } catch (thrown) {
    throw toEngineError(thrown)
  }
}

/** @throws EngineError BAD_REQUEST for a box where the network looks at the whole picture. */
function checkBox(
  parts: EngineParts,
  { runId }: CandidateDetails,
  box: PictureBox | null,
): PictureBox | null {
  const { task } = requireRun(parts, runId).config
  if (box !== null && task !== 'pose') {
    throw new EngineError('BAD_REQUEST', `A box is for pose; run ${runId} is for ${task}.`)
  }
  return box
}

/** An export of this version that is complete is taken; its super-network does not change after its training. */
async function findExport(
  { store, codeVersion }: EngineParts,
  candidates: Pick<CandidatesService, 'export'>,
  { id, runId, genotypeId }: CandidateDetails,
): Promise<{ readonly folder: string; readonly card: ModelCard }> {
  const request = { id, format: 'safetensors', dropsDeadLayers: false, foldsNorms: false } as const
  const folder = exportFolder(store.paths.runFolder(runId), genotypeId, request)
  const file = join(folder, CARD_FILE)
  if (existsSync(file)) {
    const card = JSON.parse(await readFile(file, 'utf8')) as ModelCard
    if (card.origin.codeVersion === codeVersion && existsSync(join(folder, card.weights.file))) {
      return { folder, card }
    }
  }
  return candidates.export(request)
}

interface Asked {
  readonly question: PictureQuestion
  readonly candidate: CandidateDetails
  readonly picture: OwnPicture
  readonly folder: string
  readonly card: ModelCard
}

async function answerPicture(parts: EngineParts, asked: Asked): Promise<OwnPictureAnswer> {
  const { question, candidate, picture, folder, card } = asked
  const { paths } = parts.store
  const files = pictureFiles(paths, picture.runId, picture.id)
  const name = answerName(candidate, question.box)
  const result = await parts.executor.runJob(
    {
      kind: 'predict-files',
      ...networkOfCard(folder, card),
      images: [{ file: files.original, name, boxes: question.box === null ? null : [question.box] }],
      outputFolder: files.folder,
      longestShownSide: LONGEST_SHOWN_SIDE,
    },
    {
      ...{ lane: INTERACTIVE_LANE, isUrgent: true, threads: 1 },
      backend: chooseBackend(requireRun(parts, picture.runId)),
      logFolder: join(paths.runFolder(picture.runId), 'logs'),
      onEvent: () => undefined,
    },
  )
  await refuseUnusable(parts, picture, files.original, result)
  await rename(join(files.folder, `${name}.shown.png`), files.shown)
  const report = readReport(await readFile(join(files.folder, `${name}.json`), 'utf8'))
  const answered = describeAnswered(picture, report, result)
  await writePicture(paths, answered)
  return {
    ...{ candidateId: candidate.id, picture: answered, box: question.box, backend: result.backend },
    prediction: toPrediction(report, answered.sample, picturePaths(picture.runId, picture.id).labels(name)),
  }
}

/** Names of files below the picture's folder: one for each genotype and box. */
function answerName({ genotypeId }: CandidateDetails, box: PictureBox | null): string {
  if (box === null) {
    return genotypeId
  }
  const digest = createHash('sha256').update(box.join(' ')).digest('hex')
  return `${genotypeId}-${digest.slice(0, ANSWER_DIGITS)}`
}

/** A picture that no candidate could ever answer is not kept. */
async function refuseUnusable(
  { store }: EngineParts,
  { runId, id, name }: OwnPicture,
  original: string,
  { refused }: PredictFilesResult,
): Promise<void> {
  const [refusal] = refused
  if (refusal !== undefined) {
    await removePicture(store.paths, runId, id)
    throw new EngineError('DATASET', `${name}: ${refusal.reason.replaceAll(original, 'the picture')}`)
  }
}

function describeAnswered(
  picture: OwnPicture,
  { width, height }: PictureReport,
  { written }: PredictFilesResult,
): OwnPictureAnswer['picture'] {
  const shown = written[0]?.shown ?? { width, height }
  const sample: PreviewSample = {
    ...{ id: picture.id, runId: picture.runId, split: null, ...shown },
    imagePath: picturePaths(picture.runId, picture.id).image,
    ...{ truthKeypoints: null, truthLabelPath: null, box: null },
  }
  return { ...picture, width, height, sample }
}
