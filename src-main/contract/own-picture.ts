import type { PredictImage } from './predict-files.ts'
import type { Prediction, PreviewSample } from './preview.ts'

/** A photograph of 64 megapixels as JPEG has less; files of more are refused before they are sent. */
export const MOST_PICTURE_BYTES = 64 * 1024 * 1024
/** Longest side of what the window shows of a picture; the answers are in pixels of the whole picture. */
export const LONGEST_SHOWN_SIDE = 1600

/** Pixels of the picture as a person sees it: x, y, width, height. */
export type PictureBox = NonNullable<PredictImage['boxes']>[number]

/** A picture of the user's own that candidates of a run answer. A copy lies below the folder of the run. */
export interface OwnPicture {
  /** Twelve hex digits of the SHA-256 of its bytes: the same picture twice is one. */
  readonly id: string
  readonly runId: string
  /** Of the file that it came from. */
  readonly name: string
  readonly bytes: number
  readonly addedAt: number
  /** Turned as EXIF says; null until a candidate has answered it. */
  readonly width: number | null
  readonly height: number | null
  /** What the window shows, reduced to {@link LONGEST_SHOWN_SIDE}; without truth. Null until a candidate has answered. */
  readonly sample: PreviewSample | null
}

/** What an exported candidate answers on an own picture: the numbers of `scalenas predict`, in pixels of the sample. */
export interface OwnPictureAnswer {
  readonly candidateId: string
  readonly picture: OwnPicture & {
    readonly width: number
    readonly height: number
    readonly sample: PreviewSample
  }
  /** Of pose, in pixels of the whole picture; null takes the whole picture as one person. */
  readonly box: PictureBox | null
  readonly prediction: Prediction
  readonly backend: string
}
