import type { BottomUpTaskConfig, NetworkConfig } from '../contract/index.ts'
import { invertAffine, type Affine } from '../vision/affine.ts'
import { drawSceneHeatmaps, listTaggedPersons } from '../vision/bottom-up/scene-targets.ts'
import type { TaggedPersons } from '../vision/bottom-up/tag-loss.ts'
import type { RandomSource } from '../vision/random-source.ts'
import type { SceneBatch, SceneTarget } from './batch.ts'
import type { ImageRegion, SceneDataset, SceneImage, SceneSample } from './dataset.ts'
import { countLabelled } from './pose-box.ts'
import { mirrorPartners, toRegion } from './pose-crop.ts'
import { drawSceneAugmentation, PLAIN_SCENE, placeJoints, sceneMatrix } from './scene-augmentation.ts'
import type { SceneAugmentation } from './scene-augmentation.ts'
import { warpNormalized } from './warp.ts'

/** A picture with the generator of its augmentation; null lays it in plainly. */
export interface SceneDraw {
  readonly sample: SceneSample
  readonly random: RandomSource | null
}

/** Strides of both outputs. */
const [COARSE, FINE] = [4, 2] as const

/**
 * Whole pictures with targets at both resolutions (method.md 9.2, 9.3). The input is square.
 *
 * @throws EngineError DATASET if a picture cannot be read.
 */
export async function assembleSceneBatch(
  dataset: SceneDataset,
  draws: readonly SceneDraw[],
  network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>,
  task: BottomUpTaskConfig,
): Promise<SceneBatch> {
  const side = network.inputHeight
  const joints = dataset.skeleton.joints.length
  const input = new Float32Array(draws.length * side * side * 3)
  const coarse = emptyTarget(draws.length, side / COARSE, joints)
  const fine = emptyTarget(draws.length, side / FINE, joints)
  const scenes = await Promise.all(draws.map(({ sample }) => dataset.load(sample)))
  const partners = mirrorPartners(dataset.skeleton)
  const persons = draws.map(({ sample, random }, index): TaggedPersons => {
    const scene = scenes[index]
    if (scene === undefined) {
      throw new RangeError(`no picture ${String(index)}`)
    }
    const size = { width: sample.imageWidth, height: sample.imageHeight }
    const augmentation = random === null ? PLAIN_SCENE : drawSceneAugmentation(random, size, task)
    warpScene(scene.image, sceneMatrix(size, side, augmentation), input, index * side * side * 3, side)
    const place = { sample, scene, augmentation, partners, joints, index, task }
    fillTarget(place, side / FINE, fine)
    return fillTarget(place, side / COARSE, coarse)
  })
  return {
    kind: 'bottom-up-pose',
    size: draws.length,
    ids: draws.map(({ sample }) => sample.id),
    input,
    coarse,
    fine,
    persons,
  }
}

function emptyTarget(count: number, side: number, joints: number): SceneTarget {
  return {
    heat: new Float32Array(count * side * side * joints),
    mask: new Float32Array(count * side * side).fill(1),
  }
}

function warpScene(
  image: ImageRegion,
  toInput: Affine,
  values: Float32Array,
  offset: number,
  side: number,
): void {
  warpNormalized(image, toRegion(invertAffine(toInput), image), { values, offset, width: side, height: side })
}

interface ScenePlace {
  readonly sample: SceneSample
  readonly scene: SceneImage
  readonly augmentation: SceneAugmentation
  readonly partners: readonly number[]
  readonly joints: number
  readonly index: number
  readonly task: BottomUpTaskConfig
}

/** Heat maps and mask of one picture at one resolution. @returns Where its tags are read. */
function fillTarget(place: ScenePlace, side: number, target: SceneTarget): TaggedPersons {
  const { sample, scene, augmentation, partners, joints, index, task } = place
  const toMap = sceneMatrix({ width: sample.imageWidth, height: sample.imageHeight }, side, augmentation)
  const persons = sample.persons
    .filter(({ keypoints, isCrowd }) => !isCrowd && countLabelled(keypoints) > 0)
    .map(({ keypoints }) => placeJoints(keypoints, toMap, augmentation.isFlipped ? partners : null))
  const size = { width: side, height: side, joints }
  drawSceneHeatmaps(target.heat, index * side * side * joints, size, persons, task.sigma)
  if (scene.mask !== null) {
    warpMask(scene.mask, scene.image, toMap, target.mask, index * side * side, side)
  }
  return listTaggedPersons(size, persons, task.mostPersons)
}

/** Bilinear, then 0 where more than a half is masked; outside of the picture is nobody who lacks labels (the published code masks it). */
function warpMask(
  mask: Uint8Array,
  image: ImageRegion,
  toMap: Affine,
  values: Float32Array,
  offset: number,
  side: number,
): void {
  const [a, b, c, d, e, f] = toRegion(invertAffine(toMap), image)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const value = sampleMask(mask, image, a * column + b * row + c, d * column + e * row + f)
      values[offset + row * side + column] = value >= 0.5 ? 1 : 0
    }
  }
}

function sampleMask(mask: Uint8Array, { width, height }: ImageRegion, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [right, down] = [x - left, y - top]
  const tap = (column: number, row: number): number =>
    column >= 0 && row >= 0 && column < width && row < height ? (mask[row * width + column] ?? 1) : 1
  return (
    (1 - down) * ((1 - right) * tap(left, top) + right * tap(left + 1, top)) +
    down * ((1 - right) * tap(left, top + 1) + right * tap(left + 1, top + 1))
  )
}
