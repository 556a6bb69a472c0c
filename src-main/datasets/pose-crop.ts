import { applyAffine, invertAffine, type Affine } from '../vision/affine.ts'
import type { ImageRegion, PoseSample, Skeleton } from './dataset.ts'
import type { PoseAugmentation } from './pose-augmentation.ts'
import { croppedBox, frameBox, frameHalfBody, SCALE_UNIT, type CropFrame } from './pose-box.ts'
import { drawJointTarget, HEATMAP_STRIDE } from './pose-target.ts'
import { warpNormalized } from './warp.ts'

export interface CropOptions {
  readonly inputHeight: number
  readonly inputWidth: number
  /** In heat-map pixels, see `heatmapSigma`. */
  readonly sigma: number
}

/** Geometry of one crop. */
export interface CropPlan extends CropFrame {
  /** Stored image pixels to network input pixels, mirror included. */
  readonly toInput: Affine
  /** Heat-map pixels to stored image pixels. Of a mirrored crop, joints come back exchanged left and right. */
  readonly toImage: Affine
}

/** H x W input, h x w heat map, J joints. */
export interface PoseCrop extends CropPlan {
  /** [H, W, 3] */
  readonly input: Float32Array
  /** [h, w, J] */
  readonly target: Float32Array
  /** [J] */
  readonly weights: Float32Array
}

/** Where the arrays of one crop begin inside those of a batch. */
export interface CropBuffers {
  readonly input: Float32Array
  readonly inputOffset: number
  readonly target: Float32Array
  readonly targetOffset: number
  readonly weights: Float32Array
  readonly weightsOffset: number
}

/** Crops one person into the network's input and draws the heat-map target (method.md 5.5). */
export function cropPose(
  image: ImageRegion,
  sample: PoseSample,
  skeleton: Skeleton,
  options: CropOptions,
  augmentation: PoseAugmentation | null,
): PoseCrop {
  const { inputHeight, inputWidth } = options
  const joints = skeleton.joints.length
  const input = new Float32Array(inputHeight * inputWidth * 3)
  const target = new Float32Array(
    Math.floor(inputHeight / HEATMAP_STRIDE) * Math.floor(inputWidth / HEATMAP_STRIDE) * joints,
  )
  const weights = new Float32Array(joints)
  const plan = cropPoseInto(image, sample, skeleton, options, augmentation, {
    input,
    inputOffset: 0,
    target,
    targetOffset: 0,
    weights,
    weightsOffset: 0,
  })
  return { ...plan, input, target, weights }
}

/** As {@link cropPose}, into a place of a batch; its target must be zero before. */
export function cropPoseInto(
  image: ImageRegion,
  sample: PoseSample,
  skeleton: Skeleton,
  options: CropOptions,
  augmentation: PoseAugmentation | null,
  buffers: CropBuffers,
): CropPlan {
  const plan = planCrop(sample, skeleton, options, augmentation)
  warpNormalized(image, toRegion(invertAffine(plan.toInput), image), {
    values: buffers.input,
    offset: buffers.inputOffset,
    width: options.inputWidth,
    height: options.inputHeight,
  })
  drawTargets(plan, sample, skeleton, options, augmentation?.isFlipped ?? false, buffers)
  return plan
}

/** @throws RangeError if the box has no area inside the picture (validation leaves such samples out). */
export function planCrop(
  sample: PoseSample,
  skeleton: Skeleton,
  options: CropOptions,
  augmentation: PoseAugmentation | null,
): CropPlan {
  const box = croppedBox(sample)
  if (box === null) {
    throw new RangeError(`sample ${sample.id}: its box [${sample.box.join(', ')}] has no area in the picture`)
  }
  const aspect = options.inputWidth / options.inputHeight
  const half = augmentation?.halfBody ?? null
  const frame =
    (half === null ? null : frameHalfBody(sample, skeleton, half, aspect)) ?? frameBox(box, aspect)
  const factor = augmentation?.scaleFactor ?? 1
  const isFlipped = augmentation?.isFlipped ?? false
  const scale: [number, number] = [frame.scale[0] * factor, frame.scale[1] * factor]
  const centre: [number, number] = [
    isFlipped ? sample.imageWidth - 1 - frame.centre[0] : frame.centre[0],
    frame.centre[1],
  ]
  const crop = cropMatrix({ centre, scale }, augmentation?.rotationDegrees ?? 0, options)
  const toInput = isFlipped ? afterMirror(crop, sample.imageWidth) : crop
  const [a, b, c, d, e, f] = invertAffine(toInput)
  const toImage: Affine = [
    a * HEATMAP_STRIDE,
    b * HEATMAP_STRIDE,
    c,
    d * HEATMAP_STRIDE,
    e * HEATMAP_STRIDE,
    f,
  ]
  return { centre, scale, toInput, toImage }
}

/** x' = k R (x - centre) + (width / 2, height / 2), k = width / (200 s_x): only s_x decides the zoom. */
function cropMatrix(frame: CropFrame, rotationDegrees: number, options: CropOptions): Affine {
  const zoom = options.inputWidth / (SCALE_UNIT * frame.scale[0])
  const radians = (rotationDegrees * Math.PI) / 180
  const cosine = zoom * Math.cos(radians)
  const sine = zoom * Math.sin(radians)
  const [x, y] = frame.centre
  return [
    cosine,
    sine,
    options.inputWidth / 2 - (cosine * x + sine * y),
    -sine,
    cosine,
    options.inputHeight / 2 - (cosine * y - sine * x),
  ]
}

/** The same map for points of the picture before it was mirrored by x -> width - 1 - x. */
function afterMirror(map: Affine, imageWidth: number): Affine {
  const [a, b, c, d, e, f] = map
  return [-a, b, c + a * (imageWidth - 1), -d, e, f + d * (imageWidth - 1)]
}

/** Source pixels of the stored picture to those of the cut-out that is in memory. */
export function toRegion(map: Affine, region: ImageRegion): Affine {
  const [a, b, c, d, e, f] = map
  const { left, top, zoom } = region
  return [a / zoom, b / zoom, (c - left) / zoom, d / zoom, e / zoom, (f - top) / zoom]
}

function drawTargets(
  plan: CropPlan,
  sample: PoseSample,
  skeleton: Skeleton,
  options: CropOptions,
  isFlipped: boolean,
  buffers: CropBuffers,
): void {
  const joints = skeleton.joints.length
  const target = {
    values: buffers.target,
    offset: buffers.targetOffset,
    width: Math.floor(options.inputWidth / HEATMAP_STRIDE),
    height: Math.floor(options.inputHeight / HEATMAP_STRIDE),
    joints,
  }
  const partners = isFlipped ? mirrorPartners(skeleton) : null
  for (let joint = 0; joint < joints; joint++) {
    if ((sample.keypoints[joint * 3 + 2] ?? 0) <= 0) {
      continue
    }
    const [x, y] = applyAffine(
      plan.toInput,
      sample.keypoints[joint * 3] ?? 0,
      sample.keypoints[joint * 3 + 1] ?? 0,
    )
    const channel = partners?.[joint] ?? joint
    buffers.weights[buffers.weightsOffset + channel] = drawJointTarget(target, channel, x, y, options.sigma)
  }
}

/** partner[j] is the joint that j becomes in a mirrored picture. */
export function mirrorPartners(skeleton: Pick<Skeleton, 'joints' | 'flipPairs'>): number[] {
  const partners = skeleton.joints.map((_, joint) => joint)
  for (const [left, right] of skeleton.flipPairs) {
    partners[left] = right
    partners[right] = left
  }
  return partners
}
