import { showField } from '../../contract/index.ts'
import { parseJson } from '../../files/foreign-text.ts'
import { showValue } from '../../files/show-value.ts'
import { isFiniteNumber, isRecord } from '../json-values.ts'

/** The parts of a COCO keypoint file that are used, checked for shape; numbers may still be out of range. */
export interface CocoFile {
  readonly images: ReadonlyMap<number, CocoImage>
  /** Numbers that several different pictures have: nobody can tell which of them an annotation means. */
  readonly ambiguous: ReadonlySet<number>
  readonly annotations: readonly CocoAnnotation[]
  /** The first category with joint names, null if none has. */
  readonly category: CocoCategory | null
}

export interface CocoCategory {
  readonly id: number
  readonly jointNames: readonly string[]
  /** Pairs of joint indices from 0; the file counts from 1. */
  readonly edges: readonly (readonly [number, number])[]
  /** Own falloffs of the joints, where the file has them. */
  readonly sigmas: readonly number[] | null
}

export interface CocoImage {
  readonly id: number
  readonly fileName: string
  /** Null where the file does not say. */
  readonly width: number | null
  readonly height: number | null
  /** CrowdPose alone. */
  readonly crowdIndex: number | null
}

export interface CocoAnnotation {
  readonly id: number
  readonly imageId: number
  readonly box: readonly [x: number, y: number, width: number, height: number] | null
  readonly keypoints: readonly number[]
  readonly area: number | null
  readonly isCrowd: boolean
  /** Not yet looked at: few of them are needed. */
  readonly segmentation: unknown
}

/** @throws Error that says which field is not as COCO has it. */
export function parseCocoFile(text: string): CocoFile {
  const root = asRecord(parseJson(text), 'the file')
  const images = asArray(root['images'], 'images').map(parseImage)
  const byId = new Map(images.map((image) => [image.id, image]))
  return {
    images: byId,
    ambiguous: findAmbiguous(images, byId),
    annotations: asArray(root['annotations'], 'annotations').map(parseAnnotation),
    category: parseCategory(root['categories']),
  }
}

/** The same picture listed twice is no harm. */
function findAmbiguous(
  images: readonly CocoImage[],
  byId: ReadonlyMap<number, CocoImage>,
): ReadonlySet<number> {
  return new Set(
    images.filter((image) => byId.get(image.id)?.fileName !== image.fileName).map(({ id }) => id),
  )
}

function parseImage(value: unknown, index: number): CocoImage {
  const name = `images[${String(index)}]`
  const image = asRecord(value, name)
  const fileName = image['file_name']
  if (typeof fileName !== 'string' || fileName === '') {
    throw new Error(`${name}.file_name must be a text`)
  }
  return {
    id: asNumber(image['id'], `${name}.id`),
    fileName,
    width: numberOrNull(image['width']),
    height: numberOrNull(image['height']),
    crowdIndex: numberOrNull(image['crowdIndex']),
  }
}

function parseAnnotation(value: unknown, index: number): CocoAnnotation {
  const name = `annotations[${String(index)}]`
  const annotation = asRecord(value, name)
  const keypoints = annotation['keypoints']
  return {
    id: asNumber(annotation['id'], `${name}.id`),
    imageId: asNumber(annotation['image_id'], `${name}.image_id`),
    box: parseBox(annotation['bbox']),
    keypoints: Array.isArray(keypoints)
      ? keypoints.map((entry) => (typeof entry === 'number' ? entry : NaN))
      : [],
    area: numberOrNull(annotation['area']),
    isCrowd: annotation['iscrowd'] === 1 || annotation['iscrowd'] === true,
    segmentation: annotation['segmentation'],
  }
}

function parseBox(value: unknown): CocoAnnotation['box'] {
  if (!Array.isArray(value) || value.length !== 4) {
    return null
  }
  const [x, y, width, height] = value.map(numberOrNull)
  return typeof x === 'number' &&
    typeof y === 'number' &&
    typeof width === 'number' &&
    typeof height === 'number'
    ? [x, y, width, height]
    : null
}

function parseCategory(value: unknown): CocoCategory | null {
  for (const category of Array.isArray(value) ? value : []) {
    const names: unknown = isRecord(category) ? category['keypoints'] : null
    if (
      isRecord(category) &&
      Array.isArray(names) &&
      names.length > 0 &&
      names.every((name) => typeof name === 'string')
    ) {
      return {
        id: numberOrNull(category['id']) ?? 1,
        jointNames: checkNames(names.map(showField)),
        edges: parseEdges(category['skeleton'], names.length),
        sigmas: parseSigmas(category['sigmas'], names.length),
      }
    }
  }
  return null
}

/** @throws Error for a name that two joints have: their scores and sides could not be told apart. */
function checkNames(names: readonly string[]): readonly string[] {
  const twice = names.find((name, joint) => names.indexOf(name) !== joint)
  if (twice !== undefined) {
    throw new Error(
      `categories: keypoints has the joint ${showValue(twice)} twice; each joint needs a name of its own`,
    )
  }
  return names
}

/** Edges that name joints which are not there are dropped: CrowdPose's files carry those of COCO. */
function parseEdges(value: unknown, joints: number): (readonly [number, number])[] {
  const isJoint = (joint: unknown): joint is number =>
    typeof joint === 'number' && Number.isInteger(joint) && joint >= 1 && joint <= joints
  return (Array.isArray(value) ? value : []).flatMap((edge: unknown) => {
    const [from, to] = Array.isArray(edge) ? (edge as unknown[]) : []
    return isJoint(from) && isJoint(to) ? [[from - 1, to - 1] as const] : []
  })
}

function parseSigmas(value: unknown, joints: number): readonly number[] | null {
  const isList = Array.isArray(value) && value.length === joints
  return isList && value.every((sigma) => typeof sigma === 'number' && sigma > 0) ? value : null
}

function asRecord(value: unknown, name: string): Record<string, unknown> {
  if (!isRecord(value)) {
    throw new Error(`${name} must be an object`)
  }
  return value
}

function asArray(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new Error(`${name} must be a list`)
  }
  return value
}

function asNumber(value: unknown, name: string): number {
  if (!isFiniteNumber(value)) {
    throw new Error(`${name} must be a number, got ${showValue(value)}`)
  }
  return value
}

function numberOrNull(value: unknown): number | null {
  return isFiniteNumber(value) ? value : null
}
