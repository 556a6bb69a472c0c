import type { RandomSource } from '../../vision/random-source.ts'
import type { PaintedShape } from './canvas.ts'
import { hsv, plainPaint, randomColor, randomSkin, texturedColor, type Paint } from './paint.ts'
import { capsule, convexPolygon, ellipse, ring, type Point, type Shape } from './shapes.ts'
import { frontWall, project, sideWall, STREET_CLASS, STREET_IGNORE, type StreetView } from './street-view.ts'
import { leafPaint } from './street-walls.ts'

/** A shape with the distance of what it shows; far ones are drawn first. */
export interface StreetItem {
  readonly distance: number
  readonly painted: PaintedShape
}

/** Where a thing stands: metres right of the camera and ahead of it. */
export interface Spot {
  readonly x: number
  readonly z: number
}

/** Collects the shapes of one thing, each a little nearer than the one before, so that they stay in order. */
class Thing {
  readonly items: StreetItem[] = []
  private readonly view: StreetView
  private readonly spot: Spot
  private readonly label: number

  constructor(view: StreetView, spot: Spot, label: number) {
    this.view = view
    this.spot = spot
    this.label = label
  }

  /** Pixels of one metre. */
  get metre(): number {
    return this.view.focal / this.spot.z
  }

  /** Image position of a point of the thing's own plane: metres to the right of its spot, and up. */
  at(right: number, up: number): Point {
    return project(this.view, this.spot.x + right, up, this.spot.z)
  }

  add(shape: Shape, paint: Paint, label = this.label): this {
    this.items.push({ distance: this.spot.z - 1e-4 * this.items.length, painted: { shape, paint, label } })
    return this
  }
}

/** A car that comes or goes: near face, cabin, and the side that the camera sees. */
export function drawCar(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const car = new Thing(view, spot, STREET_CLASS.car)
  const half = 0.8 + 0.15 * random.next()
  const length = 3.4 + 1.4 * random.next()
  const waist = 0.8 + 0.15 * random.next()
  const roof = 1.35 + 0.5 * random.next()
  const body = texturedColor(random, randomColor(random, 0.9), 8)
  const glass = texturedColor(random, hsv(0.58, 0.2, 0.1 + 0.45 * random.next()), 6)
  const rubber = plainPaint([28, 28, 30])
  const innerX = spot.x + (spot.x > 0 ? -half : half)
  for (const [bottom, top, paint] of [
    [0.25, waist, body],
    [waist, roof * 0.97, glass],
  ] as const) {
    car.add(raisedSide(view, innerX, spot.z, spot.z + length, bottom, top), paint)
  }
  car.add(sideWall(view, innerX, spot.z + 0.5, spot.z + 1.1, 0.5), rubber)
  car.add(sideWall(view, innerX, spot.z + length - 1, spot.z + length - 0.4, 0.5), rubber)
  car.add(frontWall(view, spot.x - half, spot.x - half + 0.25, spot.z, 0, 0.4), rubber)
  car.add(frontWall(view, spot.x + half - 0.25, spot.x + half, spot.z, 0, 0.4), rubber)
  car.add(frontWall(view, spot.x - half, spot.x + half, spot.z, 0.25, waist), body)
  car.add(quad(car, half * 0.95, waist, half * 0.75, roof), body)
  car.add(quad(car, half * 0.85, waist + 0.06, half * 0.68, roof - 0.1), glass)
  const lamp = plainPaint(random.next() < 0.5 ? [220, 40, 30] : [250, 245, 215])
  for (const side of [-1, 1]) {
    car.add(ellipse(car.at(side * half * 0.78, waist - 0.16), 0.13 * car.metre, 0.09 * car.metre), lamp)
  }
  return car.items
}

/** A car that crosses, seen from its side. */
export function drawCrossingCar(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const car = new Thing(view, spot, STREET_CLASS.car)
  const half = 1.8 + 0.5 * random.next()
  const body = texturedColor(random, randomColor(random, 0.9), 8)
  const glass = texturedColor(random, hsv(0.58, 0.2, 0.1 + 0.45 * random.next()), 6)
  car.add(quad(car, half * 0.62, 0.85, half * 0.42, 1.42), body)
  car.add(quad(car, half * 0.55, 0.9, half * 0.38, 1.34), glass)
  car.add(frontWall(view, spot.x - half, spot.x + half, spot.z, 0.28, 0.88), body)
  for (const side of [-1, 1]) {
    car.add(
      ellipse(car.at(side * half * 0.62, 0.32), 0.32 * car.metre, 0.32 * car.metre),
      plainPaint([28, 28, 30]),
    )
  }
  return car.items
}

export function drawPedestrian(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const person = new Thing(view, spot, STREET_CLASS.pedestrian)
  const height = 1.45 + 0.45 * random.next()
  const stride = 0.05 + 0.3 * random.next()
  addPerson(random, person, { height, bottom: 0, stride, lean: 0.05 * random.normal() })
  return person.items
}

/** Rider and bicycle, from the side or from behind. */
export function drawBicyclist(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const rider = new Thing(view, spot, STREET_CLASS.bicyclist)
  const frame = texturedColor(random, randomColor(random), 5)
  const rubber = plainPaint([35, 35, 38])
  const width = 0.05 * rider.metre
  const isSideways = random.next() < 0.5
  if (isSideways) {
    for (const side of [-1, 1]) {
      rider.add(ring(rider.at(side * 0.52, 0.34), 0.34 * rider.metre, Math.max(0.9, width)), rubber)
    }
    rider.add(capsule(rider.at(-0.5, 0.34), rider.at(0.05, 0.75), Math.max(0.6, width * 0.7)), frame)
    rider.add(capsule(rider.at(0.5, 0.34), rider.at(0.05, 0.75), Math.max(0.6, width * 0.7)), frame)
  } else {
    rider.add(ellipse(rider.at(0, 0.34), Math.max(0.8, 0.07 * rider.metre), 0.34 * rider.metre), rubber)
    rider.add(capsule(rider.at(-0.28, 0.95), rider.at(0.28, 0.95), Math.max(0.6, width)), frame)
  }
  const lean = isSideways ? 0.25 : 0.02
  addPerson(random, rider, { height: 1.55, bottom: 0.3, stride: isSideways ? 0.3 : 0.12, lean })
  return rider.items
}

export function drawTree(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const tree = new Thing(view, spot, STREET_CLASS.tree)
  const trunk = 1.4 + 1.6 * random.next()
  const crown = 1 + 1.4 * random.next()
  const bark = texturedColor(
    random,
    hsv(0.06 + 0.05 * random.next(), 0.35 * random.next(), 0.15 + 0.35 * random.next()),
    4,
  )
  const radius = Math.max(0.6, (0.1 + 0.1 * random.next()) * tree.metre)
  tree.add(capsule(tree.at(0, 0), tree.at(0.1 * random.normal(), trunk + crown), radius, radius * 0.7), bark)
  const blobs = 4 + random.int(5)
  for (let blob = 0; blob < blobs; blob++) {
    const centre = tree.at(crown * 0.7 * random.normal(), trunk + crown * (0.5 + 0.9 * random.next()))
    const size = crown * (0.45 + 0.4 * random.next()) * tree.metre
    tree.add(ellipse(centre, size, size * (0.7 + 0.3 * random.next())), leafPaint(random, size))
  }
  return tree.items
}

/** A lamp post or bare pole. */
export function drawPole(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const pole = new Thing(view, spot, STREET_CLASS.pole)
  const height = 3 + 5 * random.next()
  const paint = polePaint(random)
  const radius = poleRadius(random, pole.metre)
  pole.add(capsule(pole.at(0, 0), pole.at(0, height), radius), paint)
  if (random.next() < 0.5) {
    const arm = (spot.x > 0 ? -1 : 1) * (0.6 + random.next())
    pole.add(capsule(pole.at(0, height), pole.at(arm, height + 0.2), radius * 0.9), paint)
  }
  return pole.items
}

/** A plate or traffic light on a pole. */
export function drawSign(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const sign = new Thing(view, spot, STREET_CLASS.sign)
  const height = 1.9 + 1.4 * random.next()
  const size = 0.28 + 0.3 * random.next()
  sign.add(
    capsule(sign.at(0, 0), sign.at(0, height), poleRadius(random, sign.metre)),
    polePaint(random),
    STREET_CLASS.pole,
  )
  const bright = plainPaint(hsv(random.next(), 0.6 + 0.4 * random.next(), 0.5 + 0.5 * random.next()))
  const inner = plainPaint(random.next() < 0.6 ? [235, 235, 235] : [40, 40, 45])
  const kind = random.next()
  if (kind < 0.35) {
    sign.add(ellipse(sign.at(0, height), size * sign.metre, size * sign.metre), bright)
    sign.add(ellipse(sign.at(0, height), size * 0.6 * sign.metre, size * 0.6 * sign.metre), inner)
  } else if (kind < 0.6) {
    sign.add(
      convexPolygon([sign.at(-size, height - size), sign.at(size, height - size), sign.at(0, height + size)]),
      bright,
    )
  } else if (kind < 0.85) {
    sign.add(quad(sign, size * 1.4, height - size, size * 1.4, height + size), bright)
    sign.add(quad(sign, size, height - size * 0.5, size, height + size * 0.3), inner)
  } else {
    sign.add(quad(sign, size * 0.6, height - size, size * 0.6, height + size * 1.4), plainPaint([35, 38, 36]))
    sign.add(
      ellipse(sign.at(0, height + size * 0.8), size * 0.35 * sign.metre, size * 0.35 * sign.metre),
      bright,
    )
  }
  return sign.items
}

/** A bin, box or heap that belongs to no class. */
export function drawClutterItem(random: RandomSource, view: StreetView, spot: Spot): StreetItem[] {
  const thing = new Thing(view, spot, STREET_IGNORE)
  const half = 0.25 + 0.4 * random.next()
  const paint = texturedColor(random, randomColor(random), 6)
  thing.add(quad(thing, half, 0, half * (0.7 + 0.4 * random.next()), 0.6 + 0.8 * random.next()), paint)
  return thing.items
}

interface Stance {
  readonly height: number
  /** Height of the feet above the ground. */
  readonly bottom: number
  /** Metres between the feet. */
  readonly stride: number
  /** Metres that the head is ahead of the hips. */
  readonly lean: number
}

function addPerson(random: RandomSource, thing: Thing, { height, bottom, stride, lean }: Stance): void {
  const size = height - bottom
  const up = (share: number): number => bottom + share * size
  const thick = (share: number): number => Math.max(0.6, share * size * thing.metre)
  const skin = texturedColor(random, randomSkin(random), 4)
  const shirt = texturedColor(random, randomColor(random), 5)
  const trousers = texturedColor(random, randomColor(random, 0.6), 5)
  for (const side of [-0.5, 0.5]) {
    thing.add(
      capsule(thing.at(side * 0.12, up(0.5)), thing.at(side * stride, up(0.03)), thick(0.05), thick(0.035)),
      trousers,
    )
  }
  thing.add(capsule(thing.at(0, up(0.53)), thing.at(lean * 0.8, up(0.76)), thick(0.085), thick(0.1)), shirt)
  for (const side of [-1, 1]) {
    const hand = thing.at(lean + side * (0.12 + 0.25 * random.next()), up(0.4 + 0.25 * random.next()))
    thing.add(capsule(thing.at(lean * 0.8 + side * 0.16, up(0.8)), hand, thick(0.036), thick(0.026)), shirt)
  }
  const head = 0.068 * size * thing.metre
  thing.add(ellipse(thing.at(lean, up(0.925)), head * 0.9, head), random.next() < 0.3 ? shirt : skin)
}

/** A symmetric trapezium of the thing's plane, from half width and height to half width and height. */
function quad(thing: Thing, halfBottom: number, bottom: number, halfTop: number, top: number): Shape {
  return convexPolygon([
    thing.at(-halfBottom, bottom),
    thing.at(halfBottom, bottom),
    thing.at(halfTop, top),
    thing.at(-halfTop, top),
  ])
}

function raisedSide(
  view: StreetView,
  x: number,
  z: number,
  zFar: number,
  bottom: number,
  top: number,
): Shape {
  return convexPolygon([
    project(view, x, bottom, z),
    project(view, x, top, z),
    project(view, x, top, zFar),
    project(view, x, bottom, zFar),
  ])
}

function polePaint(random: RandomSource): Paint {
  return texturedColor(random, hsv(0.3 * random.next(), 0.3 * random.next(), 0.15 + 0.6 * random.next()), 5)
}

function poleRadius(random: RandomSource, metre: number): number {
  return Math.max(0.65, (0.06 + 0.06 * random.next()) * metre)
}
