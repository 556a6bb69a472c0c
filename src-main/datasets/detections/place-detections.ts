import { EngineError } from '../../contract/index.ts'
import type { LocateImage } from '../check-persons.ts'
import type { DetectedCrop, PictureFile } from '../dataset.ts'
import { checkImageFile, fitAnnotatedSize } from '../image-file.ts'
import type { LeftOut } from '../left-out.ts'
import { FILES_AT_ONCE, mapLimited } from '../map-limited.ts'
import type { PictureIndex } from '../picture-index.ts'
import type { AnnotatedPicture } from '../persons.ts'
import type { DetectedBox } from './parse-detections.ts'

/** Detector boxes with the pictures that they lie in. */
export interface PlacedDetections {
  /** Picture by picture in the order of the annotation file; of one picture in the order of the detection file. */
  readonly crops: readonly DetectedCrop[]
  readonly pictures: ReadonlyMap<string, PictureFile>
  readonly fileBytes: ReadonlyMap<string, number>
}

export interface PlaceOptions {
  /** What to call the detection file. */
  readonly name: string
  /** Of the annotation file whose numbers the detections use, whether or not the report scores them. */
  readonly known: readonly AnnotatedPicture[]
  /** Keys of the pictures that the report scores; null: all. */
  readonly scored: ReadonlySet<string> | null
  readonly joints: number
  readonly locate: LocateImage
  readonly leftOut: LeftOut
  readonly index?: PictureIndex
}

/**
 * Finds the picture of every box and looks at each picture once. Boxes are kept as they are, also beyond the picture (method.md 5.5);
 * pictures that cannot be used go to `leftOut`.
 *
 * @throws EngineError DATASET for numbers that the annotation file does not have, or if no box lies in a scored picture.
 */
export async function placeDetections(
  boxes: readonly DetectedBox[],
  { name, known, scored, joints, locate, leftOut, index }: PlaceOptions,
): Promise<PlacedDetections> {
  const byId = Map.groupBy(boxes, ({ imageId }) => imageId)
  checkNumbers(name, byId, known)
  const wanted = known.filter(
    ({ imageId, imageKey }) => byId.has(imageId) && (scored === null || scored.has(imageKey)),
  )
  const checked = await mapLimited(wanted, FILES_AT_ONCE, async (picture) => {
    const path = locate(picture.imageKey)
    return {
      picture,
      path: path ?? '',
      check: path === null ? null : await (index?.check(path) ?? checkImageFile(path)),
    }
  })
  const pictures = new Map<string, PictureFile>()
  const fileBytes = new Map<string, number>()
  const crops = checked.flatMap(({ picture, path, check }): DetectedCrop[] => {
    const size = check?.ok === true ? fitAnnotatedSize(check.header, picture.annotatedSize) : null
    if (check?.ok !== true || size === null) {
      leftOut.add(`detector boxes: ${describeProblem(check)}`, picture.imageKey)
      return []
    }
    pictures.set(picture.imageKey, { path, isTurned: size.isTurned })
    fileBytes.set(picture.imageKey, check.header.bytes)
    return (byId.get(picture.imageId) ?? []).map((detected, index) =>
      cropOf(detected, picture, { ...size, index, joints }),
    )
  })
  if (crops.length === 0) {
    throw new EngineError(
      'DATASET',
      `${name}: no box lies in a picture of the report split`,
      leftOut.toLines(),
    )
  }
  return { crops, pictures, fileBytes }
}

const NAMED_NUMBERS = 5

function checkNumbers(
  name: string,
  byId: ReadonlyMap<number, unknown>,
  known: readonly AnnotatedPicture[],
): void {
  const ids = new Set(known.map(({ imageId }) => imageId))
  const unknown = [...byId.keys()].filter((id) => !ids.has(id))
  if (unknown.length > 0) {
    const few = unknown.slice(0, NAMED_NUMBERS).join(', ')
    throw new EngineError(
      'DATASET',
      `${name}: ${String(unknown.length)} of its ${String(byId.size)} image_id are no picture of the report annotation ` +
        `(${few}${unknown.length > NAMED_NUMBERS ? ', …' : ''}); is it of another split?`,
    )
  }
}

function describeProblem(check: Awaited<ReturnType<typeof checkImageFile>> | null): string {
  if (check === null) {
    return 'picture file is missing'
  }
  return check.ok ? 'picture has another size than its annotation says' : check.reason
}

function cropOf(
  { box, score }: DetectedBox,
  { imageKey, imageId, crowdIndex }: AnnotatedPicture,
  of: { readonly width: number; readonly height: number; readonly index: number; readonly joints: number },
): DetectedCrop {
  return {
    boxScore: score,
    sample: {
      id: `box ${String(of.index + 1)} of ${imageKey}`,
      imageKey,
      imageId,
      imageWidth: of.width,
      imageHeight: of.height,
      box,
      isBoxExact: true,
      // Nobody is annotated here: the person to find is not known before the answers are matched.
      keypoints: new Float32Array(of.joints * 3),
      area: box[2] * box[3],
      ...(crowdIndex === null ? {} : { crowdIndex }),
    },
  }
}
