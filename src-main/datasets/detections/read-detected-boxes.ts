import { basename } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { MOST_TEXT_BYTES, readForeignText } from '../../files/foreign-text.ts'
import type { LocateImage } from '../check-persons.ts'
import type { DetectedBoxes } from '../dataset.ts'
import type { LeftOut } from '../left-out.ts'
import type { PictureIndex } from '../picture-index.ts'
import type { Persons } from '../persons.ts'
import { parseDetections, type Detections } from './parse-detections.ts'
import { placeDetections, type PlacedDetections } from './place-detections.ts'

/** Where the boxes of a report come from. */
export interface DetectionSource {
  /** Absolute path of a COCO result file of boxes. */
  readonly file: string
  /** Boxes of lower score are not used. */
  readonly threshold: number
  /** Of the annotation file that the report is scored against. */
  readonly persons: Persons
  readonly locate: LocateImage
  readonly index?: PictureIndex
}

export interface ReadBoxes extends Pick<PlacedDetections, 'pictures' | 'fileBytes'> {
  readonly boxes: DetectedBoxes
  /** What was found, for a person. */
  readonly note: string
}

/**
 * Reads the detector's boxes of the report split.
 *
 * @param scored - Keys of the pictures of a report split that was cut out of the annotation file; null: all of the file.
 * @throws EngineError DATASET, its message begins with `dataset.detections`.
 */
export async function readDetectedBoxes(
  source: DetectionSource,
  scored: ReadonlySet<string> | null,
  leftOut: LeftOut,
): Promise<ReadBoxes> {
  const { persons, threshold, locate, index } = source
  const known = persons.annotated
  const file = basename(source.file)
  const name = `dataset.detections: ${file}`
  if (known === undefined) {
    throw new EngineError('DATASET', `${name}: the pictures of ${persons.source} have no numbers`)
  }
  const found = parseDetections(await readText(source.file), name, persons.category ?? 1, threshold)
  const placed = await placeDetections(found.boxes, {
    ...{ name, known, scored, locate, leftOut },
    ...(index !== undefined && { index }),
    joints: persons.skeleton.joints.length,
  })
  const pictures = known
    .map(({ imageKey }) => imageKey)
    .filter((imageKey) => scored === null || scored.has(imageKey))
  const { fingerprint } = found
  return {
    boxes: { file, fingerprint, threshold, pictures, crops: placed.crops },
    ...{ pictures: placed.pictures, fileBytes: placed.fileBytes },
    note: describe(file, found, placed, pictures.length),
  }
}

function readText(path: string): Promise<string> {
  return readForeignText(path, {
    ...{ code: 'DATASET', name: `dataset.detections: ${path}`, mostBytes: MOST_TEXT_BYTES },
  })
}

function describe(
  file: string,
  { skipped }: Detections,
  { crops, pictures }: PlacedDetections,
  splitPictures: number,
): string {
  const count = (value: number): string => value.toLocaleString('en-US')
  const notUsed = [
    skipped.belowThreshold === 0 ? '' : `${count(skipped.belowThreshold)} of a lower score`,
    skipped.otherCategory === 0 ? '' : `${count(skipped.otherCategory)} of other categories`,
    skipped.withoutExtent === 0 ? '' : `${count(skipped.withoutExtent)} without extent`,
  ].filter((part) => part !== '')
  return (
    `report boxes from ${file}: ${count(crops.length)} in ${count(pictures.size)} of ${count(splitPictures)} pictures` +
    (notUsed.length === 0 ? '' : `; not used: ${notUsed.join(', ')}`)
  )
}
