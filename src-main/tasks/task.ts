import type { Handle, Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import type { PictureResults, TaskKind } from '../contract/index.ts'
import type { Batch } from '../datasets/batch.ts'
import type { CocoDetection } from './pose-average-precision.ts'

/** A training batch on the device. */
export interface DeviceBatch {
  /** N, H, W, 3. */
  readonly input: Value
  readonly size: number
  /** Loss of the raw network outputs against this batch's targets, with its gradients. */
  loss(outputs: readonly Value[]): LossParts
  release(): void
}

export interface LossParts {
  /** A scalar on the device. */
  readonly value: Handle
  /** Gradient with respect to each raw network output, same shapes. */
  readonly gradients: readonly Handle[]
}

/** What a run's task adds to the method: targets, loss, and how a sub-network is scored. */
export interface Task {
  readonly kind: TaskKind
  /** Joints or classes. */
  readonly outputs: number
  /** What the accuracy axis says: 'PCK@0.2' or 'mIoU'. */
  readonly metricName: string
  upload(kernels: Kernels, batch: Batch): DeviceBatch
}

/** An image as the network gets it: [H, W, 3], normalised. */
export interface NetworkImage {
  readonly input: Float32Array
}

/** Images that pass a network together, with their mirror images under the flip test. */
export interface ImageChunk<Item extends NetworkImage = NetworkImage> {
  readonly count: number
  /** Decodes them unless they are in memory. @throws EngineError DATASET if one cannot be read. */
  load(): Promise<readonly Item[]>
  readonly height: number
  readonly width: number
  /** True: a second pass sees the mirrored images. */
  readonly mirrors: boolean
}

/** Images of a split, ready to be scored again and again: decoded once as far as the memory for it goes (`PictureBudget`). */
export interface ScoringSet {
  readonly count: number
  /** `forward` runs the sub-network under test on one input batch and returns its raw outputs, which the scorer releases. */
  score(kernels: Kernels, forward: Forward, options: ScoreOptions): Promise<ScoreResult>
  /** The passes of a score one by one; a set without them scores each sub-network alone. */
  readonly passes?: ScoringPasses
}

/** The passes are the same for every sub-network, so several of one output can be scored chunk by chunk side by side. */
export interface ScoringPasses {
  /** In order. */
  chunks(options: ScoreOptions): readonly ImageChunk[]
  /** Scores one sub-network out of its raw outputs. */
  openScorer(options: ScoreOptions): Scorer
}

export interface Scorer {
  /**
   * Takes the outputs of the next chunk: of its images, then under the flip test of the mirrored ones. They stay owned by the caller.
   */
  add(kernels: Kernels, outputs: readonly Value[]): Promise<void>
  /** After the last chunk. */
  finish(): ScoreResult
}

export type Forward = (input: Value) => readonly Value[]

export interface ScoreOptions {
  /** Average with the mirrored image (pose: joints exchanged, shifted by one pixel). */
  readonly flipTest: boolean
  readonly batch: number
  /** Awaited before each chunk, with the images that are done and all there are; throws to end the work. */
  readonly pause?: (done: number, of: number) => Promise<void>
}

export interface ScoreResult {
  /** In [0, 1]; the objective on the chart. */
  readonly accuracy: number
  readonly metrics: Readonly<Record<string, number>>
  /** Of poses: what was scored, as a COCO result file has it. */
  readonly detections?: readonly CocoDetection[]
  /** What the accuracy is made of, by picture. Absent of answers that stand for no candidate (`scoreMatrix` of a constant class). */
  readonly pictures?: PictureResults
}
