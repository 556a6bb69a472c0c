import { basename, join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { MOST_TEXT_BYTES, readForeignText } from '../../files/foreign-text.ts'
import { checkPersons, type LocateImage } from '../check-persons.ts'
import type { IgnoredPerson, Skeleton } from '../dataset.ts'
import type { LeftOut } from '../left-out.ts'
import type { PictureIndex } from '../picture-index.ts'
import { AREA_OF_BOX, type PersonCandidate, type Persons } from '../persons.ts'
import { countLabelled } from '../pose-box.ts'
import { parseCocoFile, type CocoAnnotation, type CocoFile } from './coco-annotations.ts'
import { matchSkeleton } from './match-skeleton.ts'
import { parseSegment } from './parse-segment.ts'

/**
 * Reads and checks one annotation file of COCO's form; what cannot be used goes to `leftOut`.
 *
 * @param annotationFile - Below `folder`.
 * @throws EngineError DATASET, by the name of the file.
 */
export async function readPersons(
  folder: string,
  annotationFile: string,
  locate: LocateImage,
  leftOut: LeftOut,
  index?: PictureIndex,
): Promise<Persons> {
  const text = await readForeignText(join(folder, annotationFile), {
    ...{ code: 'DATASET', name: annotationFile, mostBytes: MOST_TEXT_BYTES },
  })
  const file = parse(text, annotationFile)
  const skeleton = matchSkeleton(file, annotationFile)
  const source = basename(annotationFile)
  const candidates = file.annotations.flatMap((annotation) => {
    const candidate = checkAnnotation(annotation, file, skeleton)
    if (typeof candidate === 'string') {
      leftOut.add(candidate, `annotation ${String(annotation.id)} of ${source}`)
      return []
    }
    return [candidate]
  })
  const ignored = file.annotations.flatMap((annotation) => toIgnored(annotation, file, skeleton) ?? [])
  return {
    ...{ source, skeleton, text, ignored },
    ...(await checkPersons(candidates, locate, leftOut, index)),
    annotated: Array.from(file.images.values())
      .filter(({ id }) => !file.ambiguous.has(id))
      .map((image) => ({
        ...{ imageKey: image.fileName, imageId: image.id, crowdIndex: image.crowdIndex },
        annotatedSize: { width: image.width, height: image.height },
      })),
    category: file.category?.id ?? 1,
    warnings: describeRepeats(file.annotations, source),
  }
}

/** Annotations are told apart by their picture too, so that numbers which start anew in each picture are no harm; within one they are. */
function describeRepeats(annotations: readonly CocoAnnotation[], source: string): string[] {
  const repeated = annotations.length - new Set(annotations.map(({ id }) => id)).size
  return repeated === 0
    ? []
    : [
        `${String(repeated)} annotations of ${source} have the number of another one; numbers should be unique`,
      ]
}

/** Crowds and persons without a labelled joint; null for everybody else and for what has no box. */
function toIgnored(
  { imageId, box, area, isCrowd, keypoints, segmentation }: CocoAnnotation,
  file: CocoFile,
  skeleton: Skeleton,
): IgnoredPerson | null {
  const image = file.images.get(imageId)
  const points = new Float32Array(skeleton.joints.length * 3)
  if (keypoints.length === points.length) {
    points.set(keypoints)
  }
  if (
    image === undefined ||
    file.ambiguous.has(image.id) ||
    box === null ||
    !(isCrowd || countLabelled(points) === 0)
  ) {
    return null
  }
  const segment = parseSegment(segmentation)
  return {
    ...{ imageKey: image.fileName, box, keypoints: points, isCrowd },
    area: area ?? AREA_OF_BOX * box[2] * box[3],
    ...(segment === null ? {} : { segment }),
  }
}

function parse(text: string, annotationFile: string): CocoFile {
  try {
    return parseCocoFile(text)
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${annotationFile} is not a COCO keypoint file: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** The annotation with its picture, or why it cannot be used. */
function checkAnnotation(
  annotation: CocoAnnotation,
  file: CocoFile,
  skeleton: Skeleton,
): PersonCandidate | string {
  const { keypoints, box } = annotation
  const image = file.images.get(annotation.imageId)
  if (image === undefined) {
    return 'annotation without its picture in the list of images'
  }
  if (file.ambiguous.has(image.id)) {
    return 'number of the picture is used for several pictures'
  }
  if (annotation.isCrowd) {
    return 'crowd region, not a single person'
  }
  if (keypoints.length === 0) {
    return 'no labelled joint'
  }
  if (keypoints.length !== skeleton.joints.length * 3) {
    return `keypoints do not have ${String(skeleton.joints.length)} x 3 numbers`
  }
  if (!keypoints.every(Number.isFinite)) {
    return 'keypoints hold something that is not a number'
  }
  const points = Float32Array.from(keypoints)
  if (countLabelled(points) === 0) {
    return 'no labelled joint'
  }
  if (box === null || box[2] <= 0 || box[3] <= 0 || annotation.area === 0) {
    return 'box or area is 0 or missing'
  }
  return {
    fileName: image.fileName,
    annotatedSize: image,
    imageId: image.id,
    label: image.fileName,
    number: annotation.id,
    box,
    isBoxExact: false,
    keypoints: points,
    area: annotation.area ?? AREA_OF_BOX * box[2] * box[3],
    ...(image.crowdIndex === null ? {} : { crowdIndex: image.crowdIndex }),
  }
}
