import { EngineError } from '../../contract/index.ts'
import { extentArea } from '../../vision/keypoints/match-persons.ts'
import type { DetectedPerson } from '../../vision/keypoints/object-keypoint-similarity.ts'
import { showValue } from '../../files/show-value.ts'
import { isRecord, kindOf } from './read-json-file.ts'
import type { JsonRecord, NamedJson } from './read-json-file.ts'
import { problemOf, readBox, readId, readKeypoints } from './read-person.ts'
import type { Id } from './read-person.ts'
import type { KeypointTruth } from './read-keypoint-truth.ts'

export interface KeypointDetections {
  readonly detectionsOf: ReadonlyMap<Id, readonly DetectedPerson[]>
  readonly count: number
  readonly notes: readonly string[]
}

const MOST_NAMED = 5

/**
 * Detections in COCO's result format: a list of { image_id, category_id, keypoints, score }. As pycocotools has it, areas come from `bbox`
 * if the first detection has one, else from the extent of the joints; as xtcocotools has it, CrowdPose and WholeBody leave out
 * detections without any joint above confidence 0.
 *
 * @throws EngineError BAD_REQUEST naming file and record, or the images that the truth does not list.
 */
export function readKeypointDetections({ file, value }: NamedJson, truth: KeypointTruth): KeypointDetections {
  const records = listOf(file, value)
  const notes: string[] = []
  if (records.length === 0) {
    notes.push(`${file} has no detections: everybody counts as missed.`)
  }
  refuseUnknownImages(file, records, truth)
  const hasBoxes = isBox(records[0]?.['bbox'])
  const joints = truth.sigmas.sigmas.length
  const read = records.map((record) => {
    const keypoints = readKeypoints(file, 'detection', record, joints)
    const box = hasBoxes && isBox(record['bbox']) ? readBox(file, 'detection', record) : null
    return {
      category: readId(file, 'detection', record, 'category_id'),
      detection: {
        imageId: readId(file, 'detection', record, 'image_id'),
        keypoints,
        score: readScore(file, record, truth),
        area: box === null ? extentArea({ keypoints: bodyOf(record, keypoints) }) : areaOf(box),
      } satisfies DetectedPerson,
    }
  })
  const known = read.filter(({ category }) => truth.categoryIds.includes(category))
  if (known.length < read.length) {
    notes.push(
      `${String(read.length - known.length)} detections of categories that the truth does not list were left out.`,
    )
  }
  const kept =
    truth.protocol === 'coco' ? known : known.filter(({ detection }) => hasConfidence(detection.keypoints))
  if (kept.length < known.length) {
    notes.push(
      `${String(known.length - kept.length)} detections without a joint above confidence 0 were left out.`,
    )
  }
  return {
    detectionsOf: new Map(
      truth.categoryIds.map((id) => [
        id,
        kept.flatMap(({ category, detection }) => (category === id ? [detection] : [])),
      ]),
    ),
    count: kept.length,
    notes,
  }
}

function listOf(file: string, value: unknown): readonly JsonRecord[] {
  if (!Array.isArray(value)) {
    throw new EngineError(
      'BAD_REQUEST',
      `${file}: detections are a list of { image_id, category_id, keypoints, score }, not ${kindOf(value)}.`,
    )
  }
  const wrong = value.findIndex((entry) => !isRecord(entry))
  if (wrong >= 0) {
    throw new EngineError(
      'BAD_REQUEST',
      `${file}: [${String(wrong)}] must be an object, it is ${kindOf(value[wrong])}.`,
    )
  }
  // Positions stand in for ids, which results need not have: messages can say which record they mean.
  return value.map((record: JsonRecord, index) => ({ ...record, id: index }))
}

function refuseUnknownImages(
  file: string,
  records: readonly JsonRecord[],
  { imageIds }: KeypointTruth,
): void {
  const unknown = records
    .map((record) => readId(file, 'detection', record, 'image_id'))
    .filter((id) => !imageIds.has(id))
  if (unknown.length === 0) {
    return
  }
  const names = [...new Set(unknown)].map((id) => showValue(id))
  const more = names.length > MOST_NAMED ? ` and ${String(names.length - MOST_NAMED)} more` : ''
  throw new EngineError(
    'BAD_REQUEST',
    `${file}: ${String(unknown.length)} detections are of images that the truth does not list: ${names.slice(0, MOST_NAMED).join(', ')}${more}.`,
  )
}

function readScore(file: string, record: JsonRecord, { protocol }: KeypointTruth): number {
  const score = (protocol === 'wholebody' ? record['wholebody_score'] : undefined) ?? record['score']
  if (typeof score !== 'number' || !Number.isFinite(score)) {
    throw problemOf(file, 'detection', record, `score must be a number, it is ${kindOf(score)}`)
  }
  return score
}

/** The extent is that of `keypoints` alone, without the further parts of WholeBody. */
function bodyOf(record: JsonRecord, keypoints: readonly number[]): readonly number[] {
  const body = record['keypoints']
  return Array.isArray(body) ? keypoints.slice(0, body.length) : keypoints
}

/** pycocotools takes an empty list for "no box". */
function isBox(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}

function areaOf([, , width, height]: readonly [number, number, number, number]): number {
  return width * height
}

function hasConfidence(keypoints: readonly number[]): boolean {
  return keypoints.some((value, at) => at % 3 === 2 && value > 0)
}
