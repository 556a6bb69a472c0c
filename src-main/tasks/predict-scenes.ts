import type { Handle, Kernels } from '../compute/kernels.ts'
import type { Skeleton } from '../datasets/dataset.ts'
import { applyAffine, type Affine } from '../vision/affine.ts'
import { aggregateMaps, type RawMaps, type ScaleMaps } from '../vision/bottom-up/aggregate-maps.ts'
import { parsePersons, type ParseOptions, type ParsedPerson } from '../vision/bottom-up/parse-persons.ts'
import { keepAll, type Pictures } from './pictures.ts'
import { flipPartners } from './predict-pose.ts'
import { runsOfOneSize } from './predict-segmentation.ts'
import type { PlannedScene, PreparedScene, SceneView } from '../datasets/prepared-scenes.ts'
import type { Forward, ScoreOptions } from './task.ts'

/** Somebody found in a picture. */
export interface PredictedPerson {
  /** [J * 3]: x, y in stored picture pixels, heat; heat 0 of a joint that was not found. */
  readonly keypoints: Float32Array
  readonly score: number
}

export interface SceneGeometry {
  readonly skeleton: Pick<Skeleton, 'joints' | 'flipPairs' | 'sigmas'>
  readonly parsing: ParseOptions
}

/**
 * Everybody in every picture by one sub-network (method.md 9.4, 9.5): forward at each scale, picture and mirror image, maps put
 * together, grouped by tags, mapped back.
 *
 * @returns Per picture, in the order given.
 */
export async function predictScenes(
  kernels: Kernels,
  forward: Forward,
  scenes: readonly PreparedScene[],
  geometry: SceneGeometry,
  options: ScoreOptions,
): Promise<readonly (readonly PredictedPerson[])[]> {
  return predictEach(kernels, forward, keepAll(scenes), geometry, options)
}

/** As {@link predictScenes}, of pictures that are decoded as they are needed. */
export async function predictEach(
  kernels: Kernels,
  forward: Forward,
  scenes: Pictures<PlannedScene, PreparedScene>,
  { skeleton, parsing }: SceneGeometry,
  { batch, flipTest, pause }: ScoreOptions,
): Promise<readonly (readonly PredictedPerson[])[]> {
  const joints = skeleton.joints.length
  const partners = flipPartners(joints, skeleton.flipPairs)
  const answers: (readonly PredictedPerson[])[] = []
  for (const { begin, end } of runsOfOneSize(scenes.known.map(sizesOf), batch)) {
    await pause?.(begin, scenes.known.length)
    const chunk = await scenes.load(begin, end)
    const maps = await forwardChunk(kernels, forward, chunk, flipTest)
    for (const [index, { views }] of chunk.entries()) {
      const view = views.find(({ scale }) => scale === 1)
      if (view === undefined) {
        throw new RangeError('bottom-up inference needs scale 1')
      }
      const { height, width } = view
      const joined = aggregateMaps(maps[index] ?? [], { joints, height, width, partners })
      answers.push(parsePersons(joined, parsing).map((person) => mapBack(person, view.toImage)))
    }
  }
  return answers
}

/** Per picture the maps of every scale. */
async function forwardChunk(
  kernels: Kernels,
  forward: Forward,
  chunk: readonly PreparedScene[],
  flipTest: boolean,
): Promise<readonly (readonly ScaleMaps[])[]> {
  const perScene: ScaleMaps[][] = chunk.map(() => [])
  const [first] = chunk
  for (const position of first?.views.keys() ?? []) {
    const views = chunk.flatMap(({ views: all }) => all[position] ?? [])
    const { plain, mirrored } = await forwardViews(kernels, forward, views, flipTest)
    for (const [index, own] of perScene.entries()) {
      const maps = plain[index]
      if (maps !== undefined) {
        own.push({ plain: maps, mirrored: mirrored[index] ?? null, givesTags: views[index]?.scale === 1 })
      }
    }
  }
  return perScene
}

/** All of one size. */
async function forwardViews(
  kernels: Kernels,
  forward: Forward,
  views: readonly SceneView[],
  flipTest: boolean,
): Promise<{ readonly plain: readonly RawMaps[]; readonly mirrored: readonly RawMaps[] }> {
  const [{ height, width } = { height: 0, width: 0 }] = views
  const shape = [views.length, height, width, 3]
  const values = new Float32Array(views.length * height * width * 3)
  for (const [i, { input }] of views.entries()) {
    values.set(input, i * input.length)
  }
  const input = kernels.upload(values, shape)
  try {
    const plain = await readMaps(kernels, forward, input, shape)
    if (!flipTest) {
      return { plain, mirrored: [] }
    }
    const turned = kernels.flipWidth(input)
    try {
      return { plain, mirrored: await readMaps(kernels, forward, turned, shape) }
    } finally {
      kernels.release(turned)
    }
  } finally {
    kernels.release(input)
  }
}

async function readMaps(
  kernels: Kernels,
  forward: Forward,
  handle: Handle,
  shape: readonly number[],
): Promise<readonly RawMaps[]> {
  const outputs = forward({ handle, shape })
  try {
    const [coarse, fine] = outputs
    if (coarse === undefined || fine === undefined) {
      throw new RangeError(`a bottom-up network has two outputs, this one ${outputs.length}`)
    }
    const [low, high] = [await kernels.download(coarse.handle), await kernels.download(fine.handle)]
    const [count = 0, height = 0, width = 0] = fine.shape
    return Array.from({ length: count }, (_, i) => ({
      height,
      width,
      coarse: partOf(low, i, count),
      fine: partOf(high, i, count),
    }))
  } finally {
    for (const output of outputs) {
      kernels.release(output.handle)
    }
  }
}

function partOf(values: Float32Array, index: number, count: number): Float32Array {
  const size = values.length / count
  return values.subarray(index * size, (index + 1) * size)
}

function mapBack({ keypoints, score }: ParsedPerson, toImage: Affine): PredictedPerson {
  const placed = new Float32Array(keypoints.length)
  for (let at = 0; at < keypoints.length; at += 3) {
    const [x, y] = applyAffine(toImage, keypoints[at] ?? 0, keypoints[at + 1] ?? 0)
    placed.set([x, y, keypoints[at + 2] ?? 0], at)
  }
  return { keypoints: placed, score }
}

function sizesOf({ views }: PlannedScene): string {
  return views.map(({ width, height }) => `${String(width)}x${String(height)}`).join()
}
