import type { Affine } from '../vision/affine.ts'

/** N samples, H x W network input, h x w heat map (a quarter of the input), J joints. Layout NHWC. */
export interface PoseBatch {
  readonly kind: 'pose'
  readonly size: number
  readonly ids: readonly string[]
  /** [N, H, W, 3], normalised by the ImageNet mean and deviation. */
  readonly input: Float32Array
  /** [N, h, w, J], Gaussians with peak 1. */
  readonly target: Float32Array
  /** [N, J], 0 or 1. */
  readonly weights: Float32Array
  /** Per sample: heat-map pixels to stored image pixels. */
  readonly toImage: readonly Affine[]
}

export interface SegmentationBatch {
  readonly kind: 'segmentation'
  readonly size: number
  readonly ids: readonly string[]
  /** [N, H, W, 3], normalised. */
  readonly input: Float32Array
  /** [N, H, W], class index or the data set's ignore label. */
  readonly labels: Int32Array
}

export type Batch = PoseBatch | SegmentationBatch

/** One whole picture for scoring: the input is resized to the network's size, the labels keep theirs. */
export interface SegmentationEvaluationItem {
  readonly id: string
  /** [H, W, 3], normalised. */
  readonly input: Float32Array
  /** [height, width] at the stored size. */
  readonly labels: Uint8Array
  readonly width: number
  readonly height: number
}
