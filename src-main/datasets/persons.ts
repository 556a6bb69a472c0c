import type { IgnoredPerson, PictureFile, PoseSample, Skeleton } from './dataset.ts'

/** The usable persons of one annotation file, whatever its format. */
export interface Persons {
  /** Name of the annotation file, for a person. */
  readonly source: string
  readonly skeleton: Skeleton
  readonly samples: readonly PoseSample[]
  /** By image key. */
  readonly pictures: ReadonlyMap<string, PictureFile>
  /** Size of each picture's file by image key. */
  readonly fileBytes: ReadonlyMap<string, number>
  /** Text of the annotation file, for the fingerprint. */
  readonly text: string
  readonly animated: number
  readonly ignored?: readonly IgnoredPerson[]
  /** Every picture that the file numbers, those without a usable person among them; absent where pictures have no numbers. */
  readonly annotated?: readonly AnnotatedPicture[]
  /** Number of the person category, 1 in COCO. */
  readonly category?: number
  /** What is odd about the file and does no harm. */
  readonly warnings?: readonly string[]
}

export interface AnnotatedPicture {
  readonly imageKey: string
  readonly imageId: number
  readonly annotatedSize: PersonCandidate['annotatedSize']
  /** CrowdPose alone. */
  readonly crowdIndex: number | null
}

/** What one annotation says, before its picture was looked at. */
export interface PersonCandidate {
  /** As in the annotation file. */
  readonly fileName: string
  readonly annotatedSize: { readonly width: number | null; readonly height: number | null }
  /** What to call it in a list of what was left out. */
  readonly label: string
  readonly number: number
  readonly box: PoseSample['box']
  readonly isBoxExact: boolean
  readonly keypoints: Float32Array
  readonly area: number
  readonly headSize?: number
  readonly crowdIndex?: number
  readonly imageId?: number
}

/** CrowdPose: area of a person without one is this share of the box (method.md 6.4). */
export const AREA_OF_BOX = 0.53
