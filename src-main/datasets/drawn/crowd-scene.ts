import type { RandomSource } from '../../vision/random-source.ts'
import type { RgbImage, ScenePerson } from '../dataset.ts'
import { drawBody, type Body } from './body.ts'
import { createCanvas, paintAll, paintShape, toRgbImage, type PaintedShape } from './canvas.ts'
import { drawFigure, drawOveralls, projectJoint, type Placement } from './figure.ts'
import { drawLight, shineAndGrain, type Light } from './light.ts'
import { randomTexture, type Paint } from './paint.ts'
import { AREA_OF_BOX, drawClutter, drawOccluders, DULL, extentOf } from './pose-scene.ts'

/** Side of a drawn picture in pixels. */
export const CROWD_SCENE_SIZE = 128

const MOST_PERSONS = 3
/** Body height as a share of the picture, small and large equally likely in ratio. */
const [SMALLEST, LARGEST] = [0.6, 0.95] as const
/** Colours of the people of a picture are spread around the circle, off their places by up to this share of the gap. */
const HUE_JITTER = 0.3
/** Someone with fewer joints in sight is not labelled, as annotators would leave it. */
const FEWEST_IN_SIGHT = 5
/** Label of pixels of people without labels. */
const UNLABELLED = 1

/** Several people in one picture, near ones before far ones; described but not yet drawn. */
export interface CrowdScene {
  readonly background: Paint
  /** In drawing order. */
  readonly shapes: readonly PaintedShape[]
  readonly light: Light
  /** From far to near. */
  readonly persons: readonly ScenePerson[]
}

interface Figure {
  readonly body: Body
  readonly placement: Placement
  readonly shapes: readonly PaintedShape[]
}

/** Describes a scene; the same draws give the same scene. */
export function describeCrowdScene(random: RandomSource): CrowdScene {
  const side = CROWD_SCENE_SIZE
  const background = randomTexture(random, side * 0.3, DULL)
  const behind = drawClutter(random, side)
  const figures = drawFigures(random, side)
  const nearest = figures.at(-1)
  const before = nearest === undefined ? [] : drawOccluders(random, nearest.placement)
  const people = figures.map((figure, index) => {
    const inFront = [...figures.slice(index + 1).flatMap(({ shapes }) => shapes), ...before]
    return { figure, person: annotate(figure, inFront, side) }
  })
  return {
    background,
    shapes: [
      ...behind,
      ...people.flatMap(({ figure, person }) => {
        const label = person.keypoints.some((value) => value > 0) ? 0 : UNLABELLED
        return figure.shapes.map((shape) => ({ ...shape, label }))
      }),
      ...before,
    ],
    light: drawLight(random, side, side),
    persons: people.map(({ person }) => person),
  }
}

/** Draws a described scene; the mask is null where everybody is labelled. */
export function renderCrowdScene(scene: CrowdScene): {
  readonly image: RgbImage
  readonly mask: Uint8Array | null
} {
  const canvas = createCanvas(CROWD_SCENE_SIZE, CROWD_SCENE_SIZE)
  paintAll(canvas, scene.background, null)
  for (const shape of scene.shapes) {
    paintShape(canvas, shape)
  }
  shineAndGrain(canvas, scene.light)
  const mask = canvas.labels.map((label) => (label === UNLABELLED ? 0 : 1))
  return { image: toRgbImage(canvas), mask: mask.includes(0) ? mask : null }
}

/** Small figures stand behind large ones, side by side with some overlap. */
function drawFigures(random: RandomSource, side: number): readonly Figure[] {
  const count = 1 + random.int(MOST_PERSONS)
  const sizes = Array.from({ length: count }, () => side * SMALLEST * (LARGEST / SMALLEST) ** random.next())
  const lanes = shuffle(random, count)
  const hues = shuffle(random, count)
  const firstHue = random.next()
  return sizes
    .toSorted((a, b) => a - b)
    .map((size, index) => {
      const body = drawBody(random, 'calm')
      const hue = (firstHue + ((hues[index] ?? 0) + HUE_JITTER * random.next()) / count) % 1
      const lane = ((lanes[index] ?? 0) + 0.5 + 0.7 * (random.next() - 0.5)) / count
      const placement = placeInLane(random, body, { size, lane, side })
      return {
        body,
        placement,
        shapes: drawFigure(random, body, placement, drawOveralls(random, placement.size, hue)),
      }
    })
}

/** The middle of the figure stands in its lane; up to a tenth of it may leave the picture above or below. */
function placeInLane(
  random: RandomSource,
  body: Body,
  { size, lane, side }: { readonly size: number; readonly lane: number; readonly side: number },
): Placement {
  const extent = extentOf(body, { x: 0, y: 0, size: 1 })
  const scale = size / Math.max(extent.bottom - extent.top, extent.right - extent.left)
  const height = (extent.bottom - extent.top) * scale
  const top = -0.1 * height + random.next() * (side - 0.8 * height)
  return {
    x: lane * side - ((extent.left + extent.right) / 2) * scale,
    y: top - extent.top * scale,
    size: scale,
  }
}

function annotate({ body, placement }: Figure, inFront: readonly PaintedShape[], side: number): ScenePerson {
  const keypoints = new Float32Array(body.joints.length * 3)
  let inSight = 0
  body.joints.forEach((joint, index) => {
    const [x, y] = projectJoint(joint, placement)
    if (x >= 0 && y >= 0 && x <= side - 1 && y <= side - 1) {
      const isHidden = inFront.some(({ shape }) => shape.coverage(x, y) > 0.5)
      inSight += isHidden ? 0 : 1
      keypoints.set([x, y, isHidden ? 1 : 2], index * 3)
    }
  })
  const box = boxOf(body, placement, side)
  return {
    box,
    keypoints: inSight < FEWEST_IN_SIGHT ? new Float32Array(keypoints.length) : keypoints,
    area: AREA_OF_BOX * box[2] * box[3],
    isCrowd: false,
  }
}

/** Around the joints with a margin for flesh, cut to the picture. */
function boxOf(body: Body, placement: Placement, side: number): ScenePerson['box'] {
  const { left, top, right, bottom } = extentOf(body, placement)
  const margin = 0.05 * placement.size
  const [x, y] = [Math.max(0, left - margin), Math.max(0, top - margin)]
  return [x, y, Math.min(side, right + margin) - x, Math.min(side, bottom + margin) - y]
}

function shuffle(random: RandomSource, count: number): number[] {
  return Array.from({ length: count }, (_, lane) => ({ lane, key: random.next() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ lane }) => lane)
}
