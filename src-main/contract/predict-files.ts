import type { GroupingConfig } from './config.ts'
import type { ForwardJob } from './forward.ts'
import type { ClassFacts, SkeletonFacts } from './run.ts'

/** A picture to answer. */
export interface PredictImage {
  readonly file: string
  /** Beginning of the names of what is written about it. */
  readonly name: string
  /** Of pose: [x, y, width, height] of each person in pixels; null takes the whole picture. */
  readonly boxes: readonly (readonly [number, number, number, number])[] | null
}

/** Answers pictures with a network from a file, without a run (`scalenas predict`). */
export interface PredictFilesJob extends Omit<
  ForwardJob,
  'kind' | 'inputFile' | 'outputFile' | 'foldsNorms'
> {
  readonly kind: 'predict-files'
  readonly inputHeight: number
  readonly inputWidth: number
  readonly flipTest: boolean
  /** As of {@link ForwardJob}, but absent = true: what answers pictures is a deployed network. */
  readonly foldsNorms?: boolean
  readonly images: readonly PredictImage[]
  /** Absolute; made if it is not there. */
  readonly outputFolder: string
  /** Null: by the number of joints. */
  readonly skeleton: SkeletonFacts | null
  /** Of bottom-up pose; null: as published. */
  readonly grouping: GroupingConfig | null
  /** Null: classes without names. */
  readonly classes: ClassFacts | null
  /**
   * For a window that draws the overlay itself: instead of the overlay PNG and the label PNG, the picture turned and reduced to this
   * longest side (`NAME.shown.png`) and for segmentation its label map (`NAME.shown.labels`, uint8, row-major). Absent = files for people.
   */
  readonly longestShownSide?: number
}

export interface PredictFilesResult {
  readonly backend: string
  readonly written: readonly {
    readonly file: string
    readonly outputs: readonly string[]
    /** Size of what is shown, with `longestShownSide`. */
    readonly shown?: { readonly width: number; readonly height: number }
  }[]
  readonly refused: readonly { readonly file: string; readonly reason: string }[]
}
