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
}

export interface PredictFilesResult {
  readonly backend: string
  readonly written: readonly { readonly file: string; readonly outputs: readonly string[] }[]
  readonly refused: readonly { readonly file: string; readonly reason: string }[]
}
