import type { Kernels } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import type { NetworkConfig } from '../contract/index.ts'
import type { Skeleton } from '../datasets/dataset.ts'
import { applyAffine } from '../vision/affine.ts'
import { decodeHeatmaps } from '../vision/keypoints/decode-heatmaps.ts'
import type { Heatmaps } from '../vision/keypoints/decode-heatmaps.ts'
import { averageFlipTest } from '../vision/keypoints/flip-test.ts'
import type { PreparedCrop } from './prepared-crops.ts'
import type { Forward, ScoreOptions } from './task.ts'

export interface PredictedPose {
  /** [J * 2]: x, y in stored image pixels. */
  readonly positions: Float32Array
  /** [J]: height of each peak. */
  readonly confidences: Float32Array
}

export interface PoseGeometry {
  readonly skeleton: Pick<Skeleton, 'joints' | 'flipPairs'>
  readonly network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>
}

/** Key points of every crop by one sub-network (method.md 6.2): forward, optional flip test, arg-max, quarter offset, map back. */
export async function predictPoses(
  kernels: Kernels,
  forward: Forward,
  crops: readonly PreparedCrop[],
  { skeleton, network }: PoseGeometry,
  options: ScoreOptions,
): Promise<readonly PredictedPose[]> {
  const joints = skeleton.joints.length
  const partners = flipPartners(joints, skeleton.flipPairs)
  const poses: PredictedPose[] = []
  for (let begin = 0; begin < crops.length; begin += options.batch) {
    const chunk = crops.slice(begin, begin + options.batch)
    const heatmaps = await forwardHeatmaps(
      kernels,
      forward,
      chunk,
      joints,
      network,
      options.flipTest ? partners : null,
    )
    const { positions, confidences } = decodeHeatmaps(heatmaps)
    chunk.forEach(({ toImage }, i) => {
      const own = new Float32Array(joints * 2)
      for (let joint = 0; joint < joints; joint++) {
        const at = (i * joints + joint) * 2
        const [x, y] = applyAffine(toImage, positions[at] ?? 0, positions[at + 1] ?? 0)
        own[joint * 2] = x
        own[joint * 2 + 1] = y
      }
      poses.push({ positions: own, confidences: confidences.slice(i * joints, (i + 1) * joints) })
    })
  }
  return poses
}

async function forwardHeatmaps(
  kernels: Kernels,
  forward: Forward,
  chunk: readonly PreparedCrop[],
  joints: number,
  { inputHeight, inputWidth }: PoseGeometry['network'],
  partners: readonly number[] | null,
): Promise<Heatmaps> {
  const shape = [chunk.length, inputHeight, inputWidth, 3]
  const values = new Float32Array(chunk.length * inputHeight * inputWidth * 3)
  chunk.forEach(({ input }, i) => {
    values.set(input, i * input.length)
  })
  const input = kernels.upload(values, shape)
  const asHeatmaps = async (handle: typeof input): Promise<Heatmaps> => {
    const output = singleOutput(forward({ handle, shape }))
    const map = await kernels.download(output.handle)
    kernels.release(output.handle)
    return { values: map, samples: chunk.length, height: inputHeight / 4, width: inputWidth / 4, joints }
  }
  try {
    const plain = await asHeatmaps(input)
    if (partners === null) {
      return plain
    }
    const mirroredInput = kernels.flipWidth(input)
    const mirrored = await asHeatmaps(mirroredInput)
    kernels.release(mirroredInput)
    return { ...plain, values: averageFlipTest(plain, mirrored, { partners }) }
  } finally {
    kernels.release(input)
  }
}

/** Joint that each joint becomes in a mirrored picture. */
export function flipPartners(joints: number, pairs: Skeleton['flipPairs']): readonly number[] {
  const partners = Array.from({ length: joints }, (_, joint) => joint)
  for (const [a, b] of pairs) {
    partners[a] = b
    partners[b] = a
  }
  return partners
}
