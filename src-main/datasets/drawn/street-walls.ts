import type { RandomSource } from '../../vision/random-source.ts'
import { hsv, texturedColor, type Paint, type Rgb } from './paint.ts'
import type { StreetItem } from './street-items.ts'
import {
  frontWall,
  frontWallPaint,
  project,
  sideWall,
  sideWallPaint,
  STREET_CLASS,
  type StreetView,
  type WallPattern,
} from './street-view.ts'
import { ellipse } from './shapes.ts'

/** Where the camera's near plane cuts walls, in metres; nearer than the lowest visible ground. */
const NEAREST = 1.2
const FARTHEST = 90

/** Buildings, fences and hedges along both sides of the street, from near to far. */
export function drawWalls(random: RandomSource, view: StreetView): StreetItem[] {
  return [-1, 1].flatMap((side) => {
    const edge = side < 0 ? view.roadLeft - view.pavement : view.roadRight + view.pavement
    const items: StreetItem[] = []
    let z = NEAREST
    while (z < FARTHEST) {
      const zFar = z + 4 + 14 * random.next()
      const kind = random.next()
      if (kind < 0.6) {
        items.push(...drawBuilding(random, view, edge, side, z, zFar))
      } else if (kind < 0.82) {
        items.push(...drawFence(random, view, edge, z, zFar))
      } else if (kind < 0.93) {
        items.push(...drawHedge(random, view, edge, side, z, zFar))
      }
      z = zFar + (random.next() < 0.35 ? 5 * random.next() : 0)
    }
    return items
  })
}

function drawBuilding(
  random: RandomSource,
  view: StreetView,
  edge: number,
  side: number,
  z: number,
  zFar: number,
): StreetItem[] {
  const height = 4 + 16 * random.next() ** 1.5
  const wall = texturedColor(random, wallColor(random), 12)
  const shaded = texturedColor(random, wallColor(random), 12)
  const window = texturedColor(random, hsv(random.next(), 0.2, 0.1 + 0.7 * random.next()), 6)
  const pattern = windowPattern(random, wall, window)
  const label = STREET_CLASS.building
  const depth = 8 + 10 * random.next()
  const items: StreetItem[] = [
    {
      distance: zFar,
      painted: {
        shape: sideWall(view, edge, z, zFar, height),
        paint: sideWallPaint(view, edge, pattern),
        label,
      },
    },
  ]
  if (z > NEAREST) {
    const left = Math.min(edge, edge + side * depth)
    const shape = frontWall(view, left, left + depth, z, 0, height)
    const paint = frontWallPaint(
      view,
      z,
      random.next() < 0.5 ? windowPattern(random, shaded, window) : () => shaded,
    )
    items.push({ distance: zFar - 0.01, painted: { shape, paint, label } })
  }
  return items
}

/** Brick, plaster or concrete: colours that roads, pavements and skies have too. */
function wallColor(random: RandomSource): Rgb {
  const hue = random.next() < 0.6 ? 0.02 + 0.12 * random.next() : random.next()
  return hsv(hue, 0.55 * random.next(), 0.25 + 0.65 * random.next())
}

function windowPattern(random: RandomSource, wall: Paint, window: Paint): WallPattern {
  const stepAlong = 1.6 + 2 * random.next()
  const stepUp = 2.4 + 1.2 * random.next()
  const shareAlong = 0.3 + 0.35 * random.next()
  const shareUp = 0.35 + 0.25 * random.next()
  return (along, up) => {
    const phaseAlong = along / stepAlong - Math.floor(along / stepAlong)
    const phaseUp = up / stepUp - Math.floor(up / stepUp)
    return phaseAlong < shareAlong && phaseUp > 0.3 && phaseUp < 0.3 + shareUp ? window : wall
  }
}

function drawFence(
  random: RandomSource,
  view: StreetView,
  edge: number,
  z: number,
  zFar: number,
): StreetItem[] {
  const height = 0.9 + 1.1 * random.next()
  const light = texturedColor(
    random,
    hsv(0.05 + 0.1 * random.next(), 0.5 * random.next(), 0.3 + 0.6 * random.next()),
    6,
  )
  const dark = texturedColor(
    random,
    hsv(0.25 * random.next(), 0.4 * random.next(), 0.1 + 0.3 * random.next()),
    6,
  )
  const step = 0.25 + 0.6 * random.next()
  const isBarred = random.next() < 0.7
  const pattern: WallPattern = (along, up) => {
    const phase = isBarred ? along / step : up / (step * 0.6)
    return phase - Math.floor(phase) < 0.55 ? light : dark
  }
  const shape = sideWall(view, edge, z, zFar, height)
  return [
    {
      distance: zFar,
      painted: { shape, paint: sideWallPaint(view, edge, pattern), label: STREET_CLASS.fence },
    },
  ]
}

/** A row of bushes: low trees without trunks. */
function drawHedge(
  random: RandomSource,
  view: StreetView,
  edge: number,
  side: number,
  z: number,
  zFar: number,
): StreetItem[] {
  const count = 3 + random.int(3)
  return Array.from({ length: count }, (_, index) => {
    const distance = Math.max(3, z + ((zFar - z) * (count - index)) / count)
    const radius = 0.7 + 1.3 * random.next()
    const centre = project(view, edge + side * radius * 0.5, radius * 0.8, distance)
    const size = (view.focal * radius) / distance
    const shape = ellipse(centre, size * (0.9 + 0.5 * random.next()), size)
    return { distance, painted: { shape, paint: leafPaint(random, size), label: STREET_CLASS.tree } }
  })
}

/** Leaves from fresh to dry, sunlit or in shadow. */
export function leafPaint(random: RandomSource, size: number): Paint {
  const hue = random.next() < 0.8 ? 0.2 + 0.17 * random.next() : 0.06 + 0.1 * random.next()
  return texturedColor(random, hsv(hue, 0.2 + 0.55 * random.next(), 0.12 + 0.55 * random.next()), size)
}
