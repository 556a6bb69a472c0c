import type { Affine } from '../vision/affine.ts'
import type { TaggedPersons } from '../vision/bottom-up/tag-loss.ts'

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

/** Heat maps and mask of one resolution. */
export interface SceneTarget {
  /** [N, h, w, J], the larger Gaussian of all persons. */
  readonly heat: Float32Array
  /** [N, h, w]: 0 where people without labels are, else 1. */
  readonly mask: Float32Array
}

/** Whole pictures, targets at stride 4 and 2 (method.md 9.2). */
export interface SceneBatch {
  readonly kind: 'bottom-up-pose'
  readonly size: number
  readonly ids: readonly string[]
  /** [N, H, W, 3], normalised. */
  readonly input: Float32Array
  readonly coarse: SceneTarget
  readonly fine: SceneTarget
  /** Per picture and person the places of its joints in the coarse tag maps, as indices into [h, w, J]. */
  readonly persons: readonly TaggedPersons[]
}

export type Batch = PoseBatch | SegmentationBatch | SceneBatch

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
