import type { BottomUpTaskConfig } from '../contract/index.ts'
import { applyAffine, type Affine } from '../vision/affine.ts'
import type { RandomSource } from '../vision/random-source.ts'
import { SCALE_UNIT } from './pose-box.ts'

/** How one picture is laid into a map of a given side. */
export interface SceneAugmentation {
  /** Shown part: this many times the picture's short side. */
  readonly scaleFactor: number
  /** Counter-clockwise as one sees it is negative, as in the published code. */
  readonly rotationDegrees: number
  /** Of the centre, in stored pixels. */
  readonly shift: readonly [x: number, y: number]
  readonly isFlipped: boolean
}

/** The whole short side, upright. */
export const PLAIN_SCENE: SceneAugmentation = {
  scaleFactor: 1,
  rotationDegrees: 0,
  shift: [0, 0],
  isFlipped: false,
}

/** Draws in the published order: scale, rotation, shift, flip (method.md 9.3; HigherHRNet `RandomAffineTransform`). */
export function drawSceneAugmentation(
  random: RandomSource,
  image: { readonly width: number; readonly height: number },
  task: BottomUpTaskConfig,
): SceneAugmentation {
  const scaleFactor = task.scaleMin + random.next() * (task.scaleMax - task.scaleMin)
  const rotationDegrees = (2 * random.next() - 1) * task.rotationDegrees
  const reach = task.translation * ((Math.min(image.width, image.height) / SCALE_UNIT) * scaleFactor)
  const shift = [drawShift(random, reach), drawShift(random, reach)] as const
  return { scaleFactor, rotationDegrees, shift, isFlipped: random.next() < task.flipProbability }
}

/** A whole number from -reach (towards 0) to below reach, as numpy's randint of both. */
function drawShift(random: RandomSource, reach: number): number {
  const [least, most] = [Math.trunc(-reach), Math.trunc(reach)]
  return most > least ? least + random.int(most - least) : 0
}

/**
 * Stored picture pixels to pixels of a square map: scaled about the shifted centre, turned about the map's centre, mirrored at last.
 */
export function sceneMatrix(
  image: { readonly width: number; readonly height: number },
  side: number,
  { scaleFactor, rotationDegrees, shift, isFlipped }: SceneAugmentation,
): Affine {
  const zoom = side / (Math.min(image.width, image.height) * scaleFactor)
  const radians = (-rotationDegrees * Math.PI) / 180
  const [cosine, sine] = [zoom * Math.cos(radians), zoom * Math.sin(radians)]
  const [x, y] = [image.width / 2 + shift[0], image.height / 2 + shift[1]]
  const upright: Affine = [
    cosine,
    -sine,
    side / 2 - (cosine * x - sine * y),
    sine,
    cosine,
    side / 2 - (sine * x + cosine * y),
  ]
  if (!isFlipped) {
    return upright
  }
  const [a, b, c, d, e, f] = upright
  return [-a, -b, side - 1 - c, d, e, f]
}

/** Joints in map pixels, exchanged left and right if mirrored: [J * 3] of one person. */
export function placeJoints(
  keypoints: ArrayLike<number>,
  toMap: Affine,
  partners: readonly number[] | null,
): Float32Array {
  const placed = new Float32Array(keypoints.length)
  for (let joint = 0; joint < keypoints.length / 3; joint++) {
    const [x, y] = applyAffine(toMap, keypoints[joint * 3] ?? 0, keypoints[joint * 3 + 1] ?? 0)
    placed.set([x, y, keypoints[joint * 3 + 2] ?? 0], (partners?.[joint] ?? joint) * 3)
  }
  return placed
}
