import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import type { NetworkConfig } from '../contract/index.ts'
import type { Skeleton } from '../datasets/dataset.ts'
import { applyAffine } from '../vision/affine.ts'
import { decodeHeatmaps } from '../vision/keypoints/decode-heatmaps.ts'
import type { Heatmaps } from '../vision/keypoints/decode-heatmaps.ts'
import { averageFlipTest } from '../vision/keypoints/flip-test.ts'
import { keepAll, type Pictures } from './pictures.ts'
import type { PreparedCrop } from '../datasets/prepared-crops.ts'
import { forwardChunks } from './score-chunks.ts'
import type { Forward, ImageChunk, ScoreOptions } from './task.ts'

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

/** Crops that pass a network together. */
export type CropChunk = ImageChunk<PreparedCrop>

export function chunkCrops(
  crops: Pictures<unknown, PreparedCrop>,
  { network: { inputHeight, inputWidth } }: PoseGeometry,
  { batch, flipTest }: ScoreOptions,
): readonly CropChunk[] {
  const chunks: CropChunk[] = []
  for (let begin = 0; begin < crops.known.length; begin += batch) {
    const end = Math.min(begin + batch, crops.known.length)
    chunks.push({
      ...{ count: end - begin, height: inputHeight, width: inputWidth, mirrors: flipTest },
      load: () => crops.load(begin, end),
    })
  }
  return chunks
}

/** Key points of every crop by one sub-network (method.md 6.2): forward, optional flip test, arg-max, quarter offset, map back. */
export async function predictPoses(
  kernels: Kernels,
  forward: Forward,
  crops: readonly PreparedCrop[],
  geometry: PoseGeometry,
  options: ScoreOptions,
): Promise<readonly PredictedPose[]> {
  const poses: PredictedPose[] = []
  const chunks = chunkCrops(keepAll(crops), geometry, options)
  await forwardChunks(kernels, forward, chunks, async (chunk, outputs) => {
    poses.push(...(await decodeChunk(kernels, chunk, outputs, geometry.skeleton)))
  })
  return poses
}

/** @param outputs - Heat maps of the crops, then where the chunk mirrors those of the mirrored crops; stay owned by the caller. */
export async function decodeChunk(
  kernels: Kernels,
  chunk: CropChunk,
  outputs: readonly Value[],
  skeleton: PoseGeometry['skeleton'],
): Promise<readonly PredictedPose[]> {
  const joints = skeleton.joints.length
  const { height, width } = chunk
  const crops = await chunk.load()
  const maps: Heatmaps[] = []
  for (const { handle } of outputs) {
    const values = await kernels.download(handle)
    maps.push({ values, samples: crops.length, height: height / 4, width: width / 4, joints })
  }
  const [plain, mirrored] = maps
  if (plain === undefined) {
    throw new RangeError('a chunk of crops has no output')
  }
  const partners = flipPartners(joints, skeleton.flipPairs)
  const values = mirrored === undefined ? plain.values : averageFlipTest(plain, mirrored, { partners })
  const { positions, confidences } = decodeHeatmaps({ ...plain, values })
  return crops.map(({ toImage }, i) => {
    const own = new Float32Array(joints * 2)
    for (let joint = 0; joint < joints; joint++) {
      const at = (i * joints + joint) * 2
      const [x, y] = applyAffine(toImage, positions[at] ?? 0, positions[at + 1] ?? 0)
      own[joint * 2] = x
      own[joint * 2 + 1] = y
    }
    return { positions: own, confidences: confidences.slice(i * joints, (i + 1) * joints) }
  })
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
