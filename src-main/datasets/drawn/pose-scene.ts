import type { RandomSource } from '../../vision/random-source.ts'
import type { RgbImage } from '../dataset.ts'
import { drawBody, type Body } from './body.ts'
import { createCanvas, paintAll, paintShape, toRgbImage, type PaintedShape } from './canvas.ts'
import { drawFigure, projectJoint, type Placement } from './figure.ts'
import { drawLight, shineAndGrain, type Light } from './light.ts'
import { randomSkin, randomTexture, texturedColor, type Paint } from './paint.ts'
import { capsule, convexPolygon, ellipse, type Point, type Shape } from './shapes.ts'

/** Side of a drawn picture in pixels: twice the smallest preset's input, so that crops at several zooms stay sharp. */
export const POSE_SCENE_SIZE = 128

/** A picture with one person in the middle of interest, described but not yet drawn. */
export interface PoseScene {
  readonly background: Paint
  /** In drawing order; the person's own shapes among them. */
  readonly shapes: readonly PaintedShape[]
  readonly light: Light
  readonly box: readonly [x: number, y: number, width: number, height: number]
  /** [14 * 3]: x, y, visibility; 0 outside the picture, 1 behind something, 2 in sight. */
  readonly keypoints: Float32Array
  readonly area: number
}

/** Most saturation of surroundings: people wear livelier colours, so that a small network has something to hold on to. */
export const DULL = 0.35

/** Annotated area as a share of the box, as CrowdPose has it (method.md 6.4). */
export const AREA_OF_BOX = 0.53

/** Describes a scene; the same draws give the same scene. */
export function describePoseScene(random: RandomSource): PoseScene {
  const side = POSE_SCENE_SIZE
  const body = drawBody(random)
  const placement = placeBody(random, body, side)
  const background = randomTexture(random, side * 0.3, DULL)
  const behind = [...drawClutter(random, side), ...drawBystanders(random, placement, side)]
  const figure = drawFigure(random, body, placement)
  const before = drawOccluders(random, placement)
  const keypoints = annotate(body, placement, before, side)
  const box = drawBox(random, body, placement)
  return {
    background,
    shapes: [...behind, ...figure, ...before],
    light: drawLight(random, side, side),
    box,
    keypoints,
    area: AREA_OF_BOX * box[2] * box[3],
  }
}

/** Draws a described scene. */
export function renderPoseScene(scene: PoseScene): RgbImage {
  const canvas = createCanvas(POSE_SCENE_SIZE, POSE_SCENE_SIZE)
  paintAll(canvas, scene.background, null)
  for (const shape of scene.shapes) {
    paintShape(canvas, shape)
  }
  shineAndGrain(canvas, scene.light)
  return toRgbImage(canvas)
}

/** The longer side of the figure is 40 to 95 % of the picture, small and large equally likely in ratio. */
function placeBody(random: RandomSource, body: Body, side: number): Placement {
  const extent = extentOf(body, { x: 0, y: 0, size: 1 })
  const longer = side * 0.4 * (0.95 / 0.4) ** random.next()
  const size = longer / Math.max(extent.right - extent.left, extent.bottom - extent.top)
  const width = (extent.right - extent.left) * size
  const height = (extent.bottom - extent.top) * size
  // Up to an eighth of the figure may leave the picture.
  const left = -width / 8 + random.next() * (side - width + width / 4)
  const top = -height / 8 + random.next() * (side - height + height / 4)
  return { x: left - extent.left * size, y: top - extent.top * size, size }
}

interface Extent {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export function extentOf(body: Body, placement: Placement): Extent {
  const points = body.joints.map((joint) => projectJoint(joint, placement))
  const xs = points.map(([x]) => x)
  const ys = points.map(([, y]) => y)
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) }
}

/**
 * The box of a careless annotator: the figure with a margin, up to a quarter larger, and off centre. It is what makes
 * people appear at several scales inside their crops.
 */
function drawBox(random: RandomSource, body: Body, placement: Placement): PoseScene['box'] {
  const { left, top, right, bottom } = extentOf(body, placement)
  const margin = 0.05 * placement.size
  const growth = 1.25 ** random.next()
  const width = (right - left + 2 * margin) * growth
  const height = (bottom - top + 2 * margin) * growth
  const slackX = width - (right - left + 2 * margin)
  const slackY = height - (bottom - top + 2 * margin)
  return [left - margin - random.next() * slackX, top - margin - random.next() * slackY, width, height]
}

function annotate(
  body: Body,
  placement: Placement,
  before: readonly PaintedShape[],
  side: number,
): Float32Array {
  const keypoints = new Float32Array(body.joints.length * 3)
  body.joints.forEach((joint, index) => {
    const [x, y] = projectJoint(joint, placement)
    if (x >= 0 && y >= 0 && x <= side - 1 && y <= side - 1) {
      const isHidden = before.some(({ shape }) => shape.coverage(x, y) > 0.5)
      keypoints.set([x, y, isHidden ? 1 : 2], index * 3)
    }
  })
  return keypoints
}

/** Things of all sizes, some of them limb-like and skin-coloured. */
export function drawClutter(random: RandomSource, side: number): PaintedShape[] {
  const things = Array.from({ length: 2 + random.int(8) }, () => {
    const size = side * 0.03 * 18 ** random.next()
    return {
      shape: randomShape(random, randomPoint(random, side), size),
      paint: randomTexture(random, size, DULL),
    }
  })
  const limbs = Array.from({ length: random.int(4) }, () => {
    const size = side * 0.05 * 5 ** random.next()
    const from = randomPoint(random, side)
    const paint =
      random.next() < 0.5 ? texturedColor(random, randomSkin(random), size) : randomTexture(random, size)
    return { shape: stick(random, from, size), paint }
  })
  return [...things, ...limbs].map((thing) => ({ ...thing, label: null }))
}

/** Other people, none of them labelled, off the centre of attention. */
function drawBystanders(random: RandomSource, main: Placement, side: number): PaintedShape[] {
  const count = random.next() < 0.7 ? 0 : 1 + random.int(2)
  return Array.from({ length: count }, () => {
    const angle = 2 * Math.PI * random.next()
    const distance = main.size * (0.35 + 0.6 * random.next())
    const placement = {
      x: Math.min(side * 1.1, Math.max(-side * 0.1, main.x + distance * Math.cos(angle))),
      y: main.y + 0.35 * distance * Math.sin(angle),
      size: main.size * (0.55 + 0.6 * random.next()),
    }
    return drawFigure(random, drawBody(random), placement)
  }).flat()
}

/** Things in front of the person. */
export function drawOccluders(random: RandomSource, main: Placement): PaintedShape[] {
  const count = random.next() < 0.6 ? 0 : 1 + random.int(2)
  return Array.from({ length: count }, () => {
    const centre: Point = [
      main.x + main.size * 0.5 * (random.next() - 0.5),
      main.y + main.size * 0.9 * (random.next() - 0.5),
    ]
    const size = main.size * (0.05 + 0.14 * random.next())
    const shape = random.next() < 0.3 ? stick(random, centre, size * 3) : randomShape(random, centre, size)
    return { shape, paint: randomTexture(random, size), label: null }
  })
}

function randomShape(random: RandomSource, centre: Point, size: number): Shape {
  const flatness = 0.35 + 0.65 * random.next()
  const angle = Math.PI * random.next()
  if (random.next() < 0.4) {
    return ellipse(centre, size, size * flatness, angle)
  }
  const corners = random.next() < 0.3 ? 3 : 4
  const points = Array.from({ length: corners }, (_, index): Point => {
    const around = angle + (2 * Math.PI * (index + 0.5)) / corners
    const u = size * Math.cos(around)
    const v = size * flatness * Math.sin(around)
    return [
      centre[0] + u * Math.cos(angle) - v * Math.sin(angle),
      centre[1] + u * Math.sin(angle) + v * Math.cos(angle),
    ]
  })
  return convexPolygon(points)
}

function stick(random: RandomSource, from: Point, length: number): Shape {
  const angle = 2 * Math.PI * random.next()
  const to: Point = [from[0] + length * Math.cos(angle), from[1] + length * Math.sin(angle)]
  const radius = Math.max(0.7, length * (0.06 + 0.12 * random.next()))
  return capsule(from, to, radius, radius * (0.6 + 0.4 * random.next()))
}

function randomPoint(random: RandomSource, side: number): Point {
  return [side * random.next(), side * random.next()]
}
