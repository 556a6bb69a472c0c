import { EngineError } from '../../contract/index.ts'
import { areaFromBox } from '../../vision/keypoints/crowd-precision.ts'
import type { TruthPerson } from '../../vision/keypoints/object-keypoint-similarity.ts'
import { showValue } from '../../files/show-value.ts'
import { isRecord, kindOf } from './read-json-file.ts'
import type { JsonRecord, NamedJson } from './read-json-file.ts'
import { isId, readBox, readId, readKeypoints } from './read-person.ts'
import type { Id } from './read-person.ts'
import { sigmasForJoints } from './sigma-sets.ts'
import type { SigmaSet } from './sigma-sets.ts'

/** `coco` follows pycocotools, the others xtcocotools; see {@link readKeypointTruth} for what differs. */
export type KeypointProtocol = 'coco' | 'crowdpose' | 'wholebody'

export interface KeypointTruth {
  readonly protocol: KeypointProtocol
  readonly sigmas: SigmaSet
  readonly jointNames: readonly string[]
  readonly imageIds: ReadonlySet<Id>
  /** Where every image has one: how crowded it is. */
  readonly crowdIndexOf: ReadonlyMap<Id, number> | null
  readonly categoryIds: readonly Id[]
  readonly personsOf: ReadonlyMap<Id, readonly TruthPerson[]>
  readonly notes: readonly string[]
}

export interface TruthOptions {
  readonly sigmas: SigmaSet | null
  /** `box`: 0.53 · width · height of the box instead of the annotated area. Null: what the protocol uses. */
  readonly areas: 'annotated' | 'box' | null
}

/**
 * Ground truth as pycocotools and xtcocotools read it. The latter two protocols count labelled joints where COCO believes
 * `num_keypoints` (CrowdPose believes it too), and CrowdPose takes areas from boxes.
 *
 * @throws EngineError BAD_REQUEST naming file and record.
 */
export function readKeypointTruth(json: NamedJson, options: TruthOptions): KeypointTruth {
  const { file, value } = json
  if (!isRecord(value)) {
    throw refuse(
      file,
      `a COCO key-point file is an object with images, annotations and categories, not ${kindOf(value)}`,
    )
  }
  const images = readList(file, value, 'images')
  const imageIds = uniqueIds(file, images, 'image')
  const categories = readList(file, value, 'categories')
  const categoryIds = [...uniqueIds(file, categories, 'category')]
  if (categoryIds.length === 0) {
    throw refuse(file, 'categories is empty')
  }
  const annotations = readList(file, value, 'annotations')
  uniqueIds(
    file,
    annotations.filter(({ id }) => id !== undefined),
    'annotation',
  )
  const sigmas = options.sigmas ?? sigmasForJoints(countJoints(file, annotations))
  const protocol = protocolOf(sigmas)
  const reading = {
    file,
    sigmas,
    protocol,
    areas: options.areas ?? (protocol === 'crowdpose' ? 'box' : 'annotated'),
  }
  const notes: string[] = []
  const kept = keepListed(file, annotations, { imageIds, categoryIds }, notes)
  const persons = kept.map((record) => ({
    category: readId(file, 'annotation', record, 'category_id'),
    person: readPerson(reading, record),
  }))
  if (persons.some(({ person }) => person.losesMatches === true)) {
    notes.push(
      'An annotation has id 0: pycocotools counts a match with it as a false one, and so do these numbers. Number from 1.',
    )
  }
  return {
    protocol,
    sigmas,
    jointNames: jointNames(categories, sigmas.sigmas.length),
    imageIds,
    crowdIndexOf: protocol === 'crowdpose' ? readCrowdIndex(images, notes) : null,
    categoryIds,
    personsOf: new Map(
      categoryIds.map((id) => [
        id,
        persons.flatMap(({ category, person }) => (category === id ? [person] : [])),
      ]),
    ),
    notes,
  }
}

function keepListed(
  file: string,
  annotations: readonly JsonRecord[],
  { imageIds, categoryIds }: Pick<KeypointTruth, 'imageIds' | 'categoryIds'>,
  notes: string[],
): readonly JsonRecord[] {
  const kept = annotations.filter(
    ({ image_id, category_id }) =>
      isId(image_id) && imageIds.has(image_id) && isId(category_id) && categoryIds.includes(category_id),
  )
  if (kept.length < annotations.length) {
    notes.push(
      `${String(annotations.length - kept.length)} annotations of images or categories that ${file} does not list were left out.`,
    )
  }
  return kept
}

interface TruthReading {
  readonly file: string
  readonly sigmas: SigmaSet
  readonly protocol: KeypointProtocol
  readonly areas: 'annotated' | 'box'
}

function readPerson({ file, sigmas, protocol, areas }: TruthReading, record: JsonRecord): TruthPerson {
  const keypoints = readKeypoints(file, 'annotation', record, sigmas.sigmas.length)
  const box = readBox(file, 'annotation', record)
  const isCrowd = Boolean(record['iscrowd'])
  const stated = record['num_keypoints']
  const believesCount = protocol !== 'wholebody' && typeof stated === 'number'
  return {
    imageId: readId(file, 'annotation', record, 'image_id'),
    keypoints,
    box,
    area: areas === 'box' ? areaFromBox(box) : readArea(file, record),
    isCrowd,
    ...(believesCount && { isIgnored: isCrowd || stated === 0 }),
    ...(protocol === 'coco' && record['id'] === 0 && { losesMatches: true }),
  }
}

function readArea(file: string, record: JsonRecord): number {
  const { area } = record
  if (typeof area !== 'number' || !Number.isFinite(area) || area < 0) {
    throw refuse(
      file,
      `annotation ${showValue(record['id'])} has ${area === undefined ? 'no area' : `area ${showValue(area)}`}; ` +
        'OKS needs it. --areas box takes 0.53 · width · height of the boxes instead',
    )
  }
  return area
}

function protocolOf({ name }: SigmaSet): KeypointProtocol {
  switch (name) {
    case 'crowdpose14':
      return 'crowdpose'
    case 'wholebody133':
      return 'wholebody'
    default:
      return 'coco'
  }
}

function countJoints(file: string, annotations: readonly JsonRecord[]): number {
  const list = annotations.find(({ keypoints }) => Array.isArray(keypoints))?.['keypoints']
  if (!Array.isArray(list)) {
    throw refuse(file, 'no annotation has keypoints')
  }
  return list.length / 3
}

function jointNames(categories: readonly JsonRecord[], joints: number): string[] {
  const named = categories
    .map(({ keypoints }) => keypoints)
    .find((names) => Array.isArray(names) && names.length === joints)
  return Array.from({ length: joints }, (_, joint) => {
    const name: unknown = Array.isArray(named) ? named[joint] : undefined
    return typeof name === 'string' ? name : `joint ${String(joint)}`
  })
}

function readCrowdIndex(images: readonly JsonRecord[], notes: string[]): ReadonlyMap<Id, number> | null {
  const found = new Map<Id, number>()
  for (const { id, crowdIndex } of images) {
    if (isId(id) && typeof crowdIndex === 'number' && Number.isFinite(crowdIndex)) {
      found.set(id, crowdIndex)
    }
  }
  if (found.size < images.length) {
    notes.push(
      `${String(images.length - found.size)} of ${String(images.length)} images have no crowdIndex: AP easy, medium and hard cannot be told.`,
    )
    return null
  }
  return found
}

function readList(file: string, value: JsonRecord, name: string): readonly JsonRecord[] {
  const list = value[name]
  if (!Array.isArray(list)) {
    throw refuse(file, `${name} must be a list, it is ${kindOf(list)}`)
  }
  const wrong = list.findIndex((entry) => !isRecord(entry))
  if (wrong >= 0) {
    throw refuse(file, `${name}[${String(wrong)}] must be an object, it is ${kindOf(list[wrong])}`)
  }
  return list as readonly JsonRecord[]
}

function uniqueIds(file: string, records: readonly JsonRecord[], what: string): Set<Id> {
  const ids = new Set<Id>()
  for (const record of records) {
    const id = readId(file, what, record, 'id')
    if (ids.has(id)) {
      throw refuse(file, `${what} id ${showValue(id)} is there twice`)
    }
    ids.add(id)
  }
  if (new Set(Array.from(ids, (id) => typeof id)).size > 1) {
    throw refuse(file, `${what} ids are partly numbers, partly text`)
  }
  return ids
}

function refuse(file: string, problem: string): EngineError {
  return new EngineError('BAD_REQUEST', `${file}: ${problem}.`)
}
