import type { RandomSource } from '../../vision/random-source.ts'
import type { Paint } from './paint.ts'
import { convexPolygon, type Point, type Shape } from './shapes.ts'

/** Class indices in CamVid's order. */
export const STREET_CLASS = {
  sky: 0,
  building: 1,
  pole: 2,
  road: 3,
  pavement: 4,
  tree: 5,
  sign: 6,
  fence: 7,
  car: 8,
  pedestrian: 9,
  bicyclist: 10,
} as const

/** Things that belong to no class, and the bonnet of the own car. */
export const STREET_IGNORE = 255

/** Pixels of a drawn street: twice the smallest preset's input, and 2 : 3 as it. */
export const STREET_HEIGHT = 128
export const STREET_WIDTH = 192

/**
 * A pinhole camera over flat ground, and the lay-out of the street in metres: x to the right, y up from the ground, z ahead.
 */
export interface StreetView {
  /** Image row of the horizon and column of the vanishing point. */
  readonly horizon: number
  readonly vanishing: number
  /** Pixels of one metre at one metre's distance. */
  readonly focal: number
  readonly cameraHeight: number
  /** x of the road's edges; the pavement follows outward, then walls. */
  readonly roadLeft: number
  readonly roadRight: number
  readonly pavement: number
}

export function drawStreetView(random: RandomSource): StreetView {
  return {
    horizon: STREET_HEIGHT * (0.34 + 0.16 * random.next()),
    vanishing: STREET_WIDTH * (0.3 + 0.4 * random.next()),
    focal: 120 + 70 * random.next(),
    cameraHeight: 1.2 + 0.6 * random.next(),
    roadLeft: -(2.5 + 4 * random.next()),
    roadRight: 2.5 + 4 * random.next(),
    pavement: 1.8 + 2.5 * random.next(),
  }
}

/** Image position of a point of the street; z must be positive. */
export function project(view: StreetView, x: number, y: number, z: number): Point {
  return [view.vanishing + (view.focal * x) / z, view.horizon + (view.focal * (view.cameraHeight - y)) / z]
}

/** A quadrangle that stands along the street: x fixed, from z to zFar, from y 0 to height. */
export function sideWall(view: StreetView, x: number, z: number, zFar: number, height: number): Shape {
  return convexPolygon([
    project(view, x, 0, z),
    project(view, x, height, z),
    project(view, x, height, zFar),
    project(view, x, 0, zFar),
  ])
}

/** A quadrangle that faces the camera at distance z. */
export function frontWall(
  view: StreetView,
  left: number,
  right: number,
  z: number,
  bottom: number,
  top: number,
): Shape {
  const [x0, y0] = project(view, left, bottom, z)
  const [x1, y1] = project(view, right, top, z)
  return convexPolygon([
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ])
}

/** A quadrangle on the ground. */
export function groundPatch(view: StreetView, left: number, right: number, z: number, zFar: number): Shape {
  return convexPolygon([
    project(view, left, 0, z),
    project(view, right, 0, z),
    project(view, right, 0, zFar),
    project(view, left, 0, zFar),
  ])
}

/** Paint by position on a wall in metres: `along` is z of a side wall or x of a front wall, `up` the height. */
export type WallPattern = (along: number, up: number) => Paint

/** A pattern that keeps its perspective on a side wall at x. */
export function sideWallPaint(view: StreetView, x: number, pattern: WallPattern): Paint {
  return (column, row, color) => {
    const offset = column - view.vanishing
    const z = Math.abs(offset) < 0.5 ? 200 : Math.min(200, Math.max(1, (view.focal * x) / offset))
    pattern(z, view.cameraHeight - ((row - view.horizon) * z) / view.focal)(column, row, color)
  }
}

/** The same on a wall that faces the camera at distance z. */
export function frontWallPaint(view: StreetView, z: number, pattern: WallPattern): Paint {
  return (column, row, color) => {
    const x = ((column - view.vanishing) * z) / view.focal
    pattern(x, view.cameraHeight - ((row - view.horizon) * z) / view.focal)(column, row, color)
  }
}
