import type { RandomSource } from '../../vision/random-source.ts'
import type { LabelledImage } from '../dataset.ts'
import { createCanvas, paintAll, paintShape, toRgbImage, type PaintedShape } from './canvas.ts'
import { drawLight, shineAndGrain, type Light } from './light.ts'
import { gradientPaint, hsv, noisyPaint, randomColor, texturedColor, type Paint } from './paint.ts'
import { ellipse, rectangle } from './shapes.ts'
import {
  drawBicyclist,
  drawCar,
  drawClutterItem,
  drawCrossingCar,
  drawPedestrian,
  drawPole,
  drawSign,
  drawTree,
  type Spot,
  type StreetItem,
} from './street-items.ts'
import {
  drawStreetView,
  groundPatch,
  STREET_CLASS,
  STREET_HEIGHT,
  STREET_IGNORE,
  STREET_WIDTH,
  type StreetView,
} from './street-view.ts'
import { drawWalls, leafPaint } from './street-walls.ts'

/** A street, described but not yet drawn. */
export interface StreetScene {
  readonly sky: Paint
  /** In drawing order. */
  readonly shapes: readonly PaintedShape[]
  readonly light: Light
}

/** Describes a street; the same draws give the same street. */
export function describeStreetScene(random: RandomSource): StreetScene {
  const view = drawStreetView(random)
  const standing = [...drawWalls(random, view), ...drawThings(random, view)].toSorted(
    (a, b) => b.distance - a.distance,
  )
  return {
    sky: drawSky(random, view),
    shapes: [
      ...drawClouds(random, view),
      ...drawBackdrop(random, view),
      ...drawGround(random, view),
      ...standing.map((item) => item.painted),
      ...drawBonnet(random),
    ],
    light: drawLight(random, STREET_WIDTH, STREET_HEIGHT),
  }
}

/** Draws a described street with its label map. */
export function renderStreetScene(scene: StreetScene): LabelledImage {
  const canvas = createCanvas(STREET_WIDTH, STREET_HEIGHT)
  paintAll(canvas, scene.sky, STREET_CLASS.sky)
  for (const shape of scene.shapes) {
    paintShape(canvas, shape)
  }
  shineAndGrain(canvas, scene.light)
  return { image: toRgbImage(canvas), labels: canvas.labels }
}

function drawSky(random: RandomSource, view: StreetView): Paint {
  const hue = 0.55 + 0.08 * random.next()
  const isGrey = random.next() < 0.4
  const top = hsv(hue, isGrey ? 0.08 : 0.25 + 0.35 * random.next(), 0.6 + 0.35 * random.next())
  const bottom = hsv(random.next() < 0.2 ? 0.08 : hue, 0.12 * random.next(), 0.75 + 0.25 * random.next())
  return gradientPaint(top, bottom, 0, view.horizon)
}

function drawClouds(random: RandomSource, view: StreetView): PaintedShape[] {
  return Array.from({ length: random.int(5) }, () => {
    const width = 8 + 35 * random.next()
    const centre = [STREET_WIDTH * random.next(), view.horizon * 0.9 * random.next()] as const
    const grey = 150 + 105 * random.next()
    const paint = noisyPaint([grey, grey, grey], { period: 9, amplitude: 18, seed: random.int(2 ** 30) })
    return {
      shape: ellipse(centre, width, width * (0.2 + 0.2 * random.next())),
      paint,
      label: STREET_CLASS.sky,
    }
  })
}

/** Distant houses and trees along the horizon. */
function drawBackdrop(random: RandomSource, view: StreetView): PaintedShape[] {
  return Array.from({ length: 4 + random.int(9) }, () => {
    const x = STREET_WIDTH * random.next()
    const height = 3 + 17 * random.next()
    const width = 4 + 12 * random.next()
    if (random.next() < 0.5) {
      const paint = leafPaint(random, 6)
      return {
        shape: ellipse([x, view.horizon - height * 0.3], width, height * 0.7),
        paint,
        label: STREET_CLASS.tree,
      }
    }
    const wall = hsv(random.next(), 0.35 * random.next(), 0.3 + 0.5 * random.next())
    const shape = rectangle(x - width, view.horizon - height, x + width, view.horizon + 1)
    return { shape, paint: texturedColor(random, wall, 6), label: STREET_CLASS.building }
  })
}

/** Pavement everywhere, the road on it, markings and shadows on the road. */
function drawGround(random: RandomSource, view: StreetView): PaintedShape[] {
  const asphalt = hsv(0.6 * random.next(), 0.15 * random.next(), 0.2 + 0.35 * random.next())
  const slab = hsv(0.02 + 0.14 * random.next(), 0.3 * random.next(), 0.35 + 0.45 * random.next())
  const mark = hsv(0.13, 0.2 * random.next(), 0.75 + 0.25 * random.next())
  const shapes: PaintedShape[] = [
    {
      shape: rectangle(-2, view.horizon, STREET_WIDTH + 2, STREET_HEIGHT + 2),
      paint: texturedColor(random, slab, 8),
      label: STREET_CLASS.pavement,
    },
    {
      shape: groundPatch(view, view.roadLeft, view.roadRight, 1, 400),
      paint: texturedColor(random, asphalt, 10),
      label: STREET_CLASS.road,
    },
  ]
  for (let shadow = random.int(4); shadow > 0; shadow--) {
    const z = 3 + 25 * random.next()
    const dark = hsv(0.6, 0.1, 0.08 + 0.14 * random.next())
    const left = view.roadLeft + (view.roadRight - view.roadLeft) * 0.6 * random.next()
    const shape = groundPatch(
      view,
      left,
      Math.min(view.roadRight, left + 1 + 4 * random.next()),
      z,
      z + 1 + 4 * random.next(),
    )
    shapes.push({ shape, paint: texturedColor(random, dark, 6), label: STREET_CLASS.road })
  }
  const middle = (view.roadLeft + view.roadRight) / 2 + 0.5 * random.normal()
  const period = 3 + 3 * random.next()
  if (random.next() < 0.7) {
    for (let z = 2 + period * random.next(); z < 40; z += period) {
      const shape = groundPatch(view, middle - 0.08, middle + 0.08, z, z + period * 0.5)
      shapes.push({ shape, paint: texturedColor(random, mark, 5), label: STREET_CLASS.road })
    }
  }
  return shapes
}

type DrawThing = (random: RandomSource, view: StreetView, spot: Spot) => StreetItem[]

/** Everything that stands on road and pavement, from a stone's throw to far away. */
function drawThings(random: RandomSource, view: StreetView): StreetItem[] {
  const onRoad = (): Spot => ({
    x: view.roadLeft + 1 + (view.roadRight - view.roadLeft - 2) * random.next(),
    z: distance(random, 5, 45),
  })
  const parked = (): Spot => ({
    x: random.next() < 0.5 ? view.roadLeft + 0.9 : view.roadRight - 0.9,
    z: distance(random, 5, 50),
  })
  const onPavement = (share: number, nearest: number): Spot => {
    const out = view.pavement * share
    const z = distance(random, nearest, 45)
    return { x: random.next() < 0.5 ? view.roadLeft - out : view.roadRight + out, z }
  }
  const repeat = (count: number, draw: DrawThing, place: () => Spot): StreetItem[] =>
    Array.from({ length: count }, () => draw(random, view, place())).flat()
  return [
    ...repeat(random.int(4), drawCar, parked),
    ...repeat(random.int(3), drawCar, onRoad),
    ...repeat(random.next() < 0.25 ? 1 : 0, drawCrossingCar, () => ({
      ...onRoad(),
      z: distance(random, 8, 30),
    })),
    ...repeat(random.int(5), drawPedestrian, () => onPavement(0.2 + 0.6 * random.next(), 4)),
    ...repeat(random.int(3), drawPedestrian, onRoad),
    ...repeat(random.int(3), drawBicyclist, onRoad),
    ...repeat(random.int(4), drawTree, () => onPavement(0.8 + 0.8 * random.next(), 5)),
    ...repeat(1 + random.int(4), drawPole, () => onPavement(0.1, 3.5)),
    ...repeat(1 + random.int(4), drawSign, () => onPavement(0.15, 3.5)),
    ...repeat(random.int(2), drawClutterItem, () => onPavement(0.5, 5)),
  ]
}

/** Between two distances, all ratios equally likely: so every size in the picture is. */
function distance(random: RandomSource, nearest: number, farthest: number): number {
  return nearest * (farthest / nearest) ** random.next()
}

/** In some streets the own car's bonnet shows at the bottom; it belongs to no class. */
function drawBonnet(random: RandomSource): PaintedShape[] {
  if (random.next() > 0.2) {
    return []
  }
  const centre = [STREET_WIDTH * (0.4 + 0.2 * random.next()), STREET_HEIGHT + 6] as const
  const shape = ellipse(centre, STREET_WIDTH * 0.45, 8 + 12 * random.next())
  return [{ shape, paint: texturedColor(random, randomColor(random), 20), label: STREET_IGNORE }]
}
