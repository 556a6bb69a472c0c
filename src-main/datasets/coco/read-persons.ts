import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type { PoseSample, Skeleton } from '../dataset.ts'
import { checkImageFile, type HeaderCheck } from '../image-file.ts'
import type { LeftOut } from '../left-out.ts'
import { FILES_AT_ONCE, mapLimited } from '../map-limited.ts'
import { clipBox, countLabelled } from '../pose-box.ts'
import { parseCocoFile, type CocoAnnotation, type CocoFile, type CocoImage } from './coco-annotations.ts'
import { openImageLocator } from './coco-folder.ts'
import { matchSkeleton } from './match-skeleton.ts'

/** The usable persons of one annotation file. */
export interface CocoPersons {
  readonly skeleton: Skeleton
  readonly samples: readonly PoseSample[]
  /** Path of each picture by image key. */
  readonly imagePaths: ReadonlyMap<string, string>
  /** Text of the annotation file and sizes of the pictures, for the fingerprint. */
  readonly identity: readonly string[]
}

/** CrowdPose: area of a person without one is this share of the box (method.md 6.4). */
const AREA_OF_BOX = 0.53

/** Reads and checks one annotation file; what cannot be used goes to `leftOut`. @throws EngineError DATASET. */
export async function readPersons(folder: string, fileName: string, leftOut: LeftOut): Promise<CocoPersons> {
  const text = await readFile(join(folder, 'annotations', fileName), 'utf8')
  const file = parse(text, fileName)
  const skeleton = matchSkeleton(file, fileName)
  const candidates = file.annotations.flatMap((annotation) => {
    const candidate = checkAnnotation(annotation, file, skeleton)
    if (typeof candidate === 'string') {
      leftOut.add(candidate, `annotation ${String(annotation.id)} of ${fileName}`)
      return []
    }
    return [candidate]
  })
  const images = [...new Map(candidates.map(({ image }) => [image.fileName, image])).values()]
  const { paths, checks } = await checkImages(folder, fileName, images)
  const samples = candidates.flatMap(({ annotation, image }) => {
    const sample = makeSample(annotation, image, checks.get(image.fileName))
    if (typeof sample === 'string') {
      leftOut.add(sample, image.fileName)
      return []
    }
    return [sample]
  })
  const sizes = images.map(({ fileName: name }) => {
    const check = checks.get(name)
    return `${name} ${String(check?.ok === true ? check.header.bytes : 0)}`
  })
  return { skeleton, samples, imagePaths: paths, identity: [text, ...sizes] }
}

function parse(text: string, fileName: string): CocoFile {
  try {
    return parseCocoFile(text)
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `annotations/${fileName} is not a COCO keypoint file: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

interface Candidate {
  readonly annotation: CocoAnnotation
  readonly image: CocoImage
}

/** The annotation with its picture, or why it cannot be used. */
function checkAnnotation(annotation: CocoAnnotation, file: CocoFile, skeleton: Skeleton): Candidate | string {
  const { keypoints, box } = annotation
  const image = file.images.get(annotation.imageId)
  if (image === undefined) {
    return 'annotation without its picture in the list of images'
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
  if (countLabelled(Float32Array.from(keypoints)) === 0) {
    return 'no labelled joint'
  }
  if (box === null || box[2] <= 0 || box[3] <= 0 || annotation.area === 0) {
    return 'box or area is 0 or missing'
  }
  return { annotation, image }
}

async function checkImages(folder: string, annotationFile: string, images: readonly CocoImage[]) {
  const locate = await openImageLocator(folder, annotationFile)
  const paths = new Map<string, string>()
  const checked = await mapLimited(images, FILES_AT_ONCE, async ({ fileName }) => {
    const path = locate(fileName)
    if (path === null) {
      return { fileName, check: { ok: false, reason: 'picture file is missing' } as const }
    }
    paths.set(fileName, path)
    return { fileName, check: await checkImageFile(path) }
  })
  return {
    paths,
    checks: new Map<string, HeaderCheck>(checked.map(({ fileName, check }) => [fileName, check])),
  }
}

function makeSample(
  annotation: CocoAnnotation,
  image: CocoImage,
  check: HeaderCheck | undefined,
): PoseSample | string {
  if (check?.ok !== true) {
    return check?.reason ?? 'picture file is missing'
  }
  const { width, height } = check.header
  if ((image.width !== null && image.width !== width) || (image.height !== null && image.height !== height)) {
    return 'picture has another size than its annotation says'
  }
  const box = annotation.box ?? [0, 0, 0, 0]
  const clipped = clipBox(box, width, height)
  if (clipped === null || clipped[2] <= 0 || clipped[3] <= 0) {
    return 'box lies outside of the picture'
  }
  return {
    id: sampleId(image.fileName, annotation.id),
    imageKey: image.fileName,
    imageWidth: width,
    imageHeight: height,
    box,
    keypoints: Float32Array.from(annotation.keypoints),
    area: annotation.area ?? AREA_OF_BOX * box[2] * box[3],
  }
}

/** Fit for a file name: the picture's name and the annotation's number. */
function sampleId(fileName: string, annotationId: number): string {
  const stem = fileName.replace(/\.[^.]*$/, '').replaceAll(/[^A-Za-z0-9.-]+/g, '_')
  return `${stem}-${String(annotationId)}`
}
