import type { RandomSource } from '../../vision/random-source.ts'
import { added, scaled, type Body, type Point3 } from './body.ts'
import type { PaintedShape } from './canvas.ts'
import {
  hsv,
  plainPaint,
  randomColor,
  randomSkin,
  randomTexture,
  texturedColor,
  type Paint,
} from './paint.ts'
import { capsule, convexPolygon, ellipse, type Point } from './shapes.ts'

/** Where a body stands on the canvas: image position of the pelvis, and pixels of one body height. */
export interface Placement {
  readonly x: number
  readonly y: number
  readonly size: number
}

export interface Clothes {
  readonly skin: Paint
  readonly hair: Paint
  readonly shirt: Paint
  readonly trousers: Paint
  readonly shoes: Paint
  readonly badge: Paint
  /** Sleeve and trouser leg of the right side, darker in two-tone clothes; else as the left. */
  readonly rightShirt: Paint
  readonly rightTrousers: Paint
  readonly hasLongSleeves: boolean
  readonly hasLongTrousers: boolean
  readonly hasBackpack: boolean
}

/** A part of the figure with its distance to the viewer; larger is nearer. */
interface Part {
  readonly depth: number
  readonly painted: PaintedShape
}

export function projectJoint([x, y]: Point3, { x: left, y: top, size }: Placement): Point {
  return [left + x * size, top - y * size]
}

/**
 * Shapes of a dressed body, far parts first. Face, chest badge and backpack tell front from back, which is what tells the
 * left limbs from the right ones.
 */
export function drawFigure(
  random: RandomSource,
  body: Body,
  placement: Placement,
  clothes: Clothes = drawClothes(random, placement.size),
): PaintedShape[] {
  const parts = [
    ...torsoParts(body, placement, clothes),
    ...armParts(body, placement, clothes),
    ...legParts(body, placement, clothes),
    ...headParts(body, placement, clothes),
  ]
  return parts.toSorted((a, b) => a.depth - b.depth).map((part) => part.painted)
}

function drawClothes(random: RandomSource, size: number): Clothes {
  const patch = Math.max(3, size * 0.12)
  const shirt = drawCloth(random, patch)
  const trousers = drawCloth(random, patch)
  const isTwoTone = random.next() < TWO_TONE_SHARE
  return {
    skin: texturedColor(random, randomSkin(random), patch),
    hair: texturedColor(random, randomColor(random, 0.5), patch),
    shirt,
    trousers,
    rightShirt: isTwoTone ? darkened(shirt) : shirt,
    rightTrousers: isTwoTone ? darkened(trousers) : trousers,
    shoes: plainPaint(randomColor(random)),
    badge: plainPaint(randomColor(random)),
    hasLongSleeves: random.next() < 0.5,
    hasLongTrousers: random.next() < 0.6,
    hasBackpack: random.next() < 0.35,
  }
}

/**
 * Overalls of one hue (0..1) from hat to shoe, the right half always darker: who a limb belongs to, and on which side it is, shows in
 * its colour.
 */
export function drawOveralls(random: RandomSource, size: number, hue: number): Clothes {
  const patch = Math.max(3, size * 0.12)
  const [saturation, brightness] = [0.75 + 0.2 * random.next(), 0.8 + 0.2 * random.next()]
  const cloth = (share: number): Paint =>
    texturedColor(random, hsv(hue, saturation, brightness * share), patch)
  const [shirt, trousers] = [cloth(1), cloth(0.85)]
  return {
    skin: texturedColor(random, randomSkin(random), patch),
    hair: cloth(0.6),
    ...{ shirt, trousers, rightShirt: darkened(shirt), rightTrousers: darkened(trousers) },
    shoes: cloth(0.5),
    badge: plainPaint(randomColor(random)),
    ...{ hasLongSleeves: true, hasLongTrousers: true, hasBackpack: random.next() < 0.35 },
  }
}

/** Lively and mostly of one colour; one piece in five is striped or checked. */
function drawCloth(random: RandomSource, patch: number): Paint {
  const color = hsv(random.next(), 0.45 + 0.5 * random.next(), 0.35 + 0.6 * random.next())
  return random.next() < 0.2 ? randomTexture(random, patch) : texturedColor(random, color, patch)
}

/** Many people wear clothes whose right half is darker: a cue of the side that needs no look at the face. */
const TWO_TONE_SHARE = 0.75
const TWO_TONE_DARKNESS = 0.5

function darkened(paint: Paint): Paint {
  return (x, y, color) => {
    paint(x, y, color)
    for (let channel = 0; channel < 3; channel++) {
      color[channel] = (color[channel] ?? 0) * TWO_TONE_DARKNESS
    }
  }
}

function limb(
  body: Body,
  placement: Placement,
  from: number,
  to: number,
  radii: readonly [number, number],
  paint: Paint,
): Part {
  const start = jointAt(body, from)
  const end = jointAt(body, to)
  const radius = body.proportions.limbRadius * placement.size
  const shape = capsule(
    projectJoint(start, placement),
    projectJoint(end, placement),
    radius * radii[0],
    radius * radii[1],
  )
  return { depth: (start[2] + end[2]) / 2, painted: { shape, paint, label: null } }
}

function armParts(body: Body, placement: Placement, clothes: Clothes): Part[] {
  return [0, 1].flatMap((side) => {
    const sleeve = side === 0 ? clothes.shirt : clothes.rightShirt
    const lower = clothes.hasLongSleeves ? sleeve : clothes.skin
    return [
      limb(body, placement, side, 2 + side, [1.15, 0.9], sleeve),
      limb(body, placement, 2 + side, 4 + side, [0.85, 0.65], lower),
      spot(jointAt(body, 4 + side), body.proportions.limbRadius * 1.3, placement, clothes.skin, 0.005),
    ]
  })
}

function legParts(body: Body, placement: Placement, clothes: Clothes): Part[] {
  return [0, 1].flatMap((side) => {
    const leg = side === 0 ? clothes.trousers : clothes.rightTrousers
    const lower = clothes.hasLongTrousers ? leg : clothes.skin
    return [
      limb(body, placement, 6 + side, 8 + side, [1.7, 1.2], leg),
      limb(body, placement, 8 + side, 10 + side, [1.15, 0.75], lower),
      foot(body, side, placement, clothes),
    ]
  })
}

/** A shoe points where the body faces. */
function foot(body: Body, side: number, placement: Placement, clothes: Clothes): Part {
  const ankle = jointAt(body, 10 + side)
  const toe = added(ankle, added(scaled(body.facing, 0.055), [0, -0.02, 0]))
  const radius = body.proportions.limbRadius * placement.size
  const shape = capsule(
    projectJoint(ankle, placement),
    projectJoint(toe, placement),
    radius * 0.85,
    radius * 0.7,
  )
  return { depth: ankle[2] + 0.01, painted: { shape, paint: clothes.shoes, label: null } }
}

function torsoParts(body: Body, placement: Placement, clothes: Clothes): Part[] {
  const radius = body.proportions.limbRadius * placement.size
  const neck = jointAt(body, 13)
  const corners = [0, 1, 7, 6].map((joint) => projectJoint(jointAt(body, joint), placement))
  const middle = scaled(neck, 0.5)
  const centre = projectJoint(body.pelvis, placement)
  const parts: Part[] = [
    {
      shape: capsule(projectJoint(neck, placement), centre, radius * 2.1, radius * 2.3),
      depth: middle[2] - 0.004,
    },
    { shape: convexPolygon(corners), depth: middle[2] - 0.003 },
    { shape: capsule(corners[0] ?? centre, corners[1] ?? centre, radius * 1.3), depth: middle[2] - 0.002 },
    { shape: capsule(corners[2] ?? centre, corners[3] ?? centre, radius * 1.7), depth: middle[2] - 0.001 },
  ].map(({ shape, depth }, index) => ({
    depth,
    painted: { shape, paint: index === 3 ? clothes.trousers : clothes.shirt, label: null },
  }))
  const chest = scaled(neck, 0.68)
  const front = added(chest, scaled(body.facing, 0.06))
  if (body.facing[2] > 0) {
    parts.push(spot(front, 0.035, placement, clothes.badge))
  }
  if (clothes.hasBackpack) {
    const back = added(chest, scaled(body.facing, -0.09))
    parts.push(spot(back, 0.085, placement, clothes.badge))
  }
  return parts
}

function headParts(body: Body, placement: Placement, clothes: Clothes): Part[] {
  const neck = jointAt(body, 13)
  const top = jointAt(body, 12)
  const radius = body.proportions.head * 0.44
  const along = scaled(added(top, scaled(neck, -1)), 1 / body.proportions.head)
  const middle = added(top, scaled(along, -radius))
  const dark = plainPaint([25, 20, 20])
  const skull = spot(middle, radius, placement, clothes.skin)
  const hair = added(middle, added(scaled(body.facing, -0.42 * radius), scaled(along, radius * 0.2)))
  const parts: Part[] = [
    limbBetween(neck, middle, 0.022, placement, clothes.skin),
    skull,
    // Seen from behind, the hair lies before the skull and hides it; from the front, behind the face.
    { ...spot(hair, radius, placement, clothes.hair), depth: skull.depth - 0.05 * body.facing[2] },
    spot(added(middle, scaled(body.facing, radius)), radius * 0.2, placement, clothes.skin, 0.01),
  ]
  for (const side of [1, -1]) {
    const eye = added(
      middle,
      added(scaled(body.facing, radius * 0.85), scaled(body.across, side * radius * 0.42)),
    )
    if (body.facing[2] > -0.1) {
      parts.push(spot(added(eye, scaled(along, radius * 0.15)), radius * 0.17, placement, dark, 0.02))
    }
  }
  return parts
}

function spot(point: Point3, radius: number, placement: Placement, paint: Paint, nearer = 0): Part {
  const size = radius * placement.size
  return {
    depth: point[2] + nearer,
    painted: { shape: ellipse(projectJoint(point, placement), size, size), paint, label: null },
  }
}

function limbBetween(from: Point3, to: Point3, radius: number, placement: Placement, paint: Paint): Part {
  const shape = capsule(projectJoint(from, placement), projectJoint(to, placement), radius * placement.size)
  return { depth: (from[2] + to[2]) / 2, painted: { shape, paint, label: null } }
}

function jointAt(body: Body, joint: number): Point3 {
  const point = body.joints[joint]
  if (point === undefined) {
    throw new RangeError(`a body has 14 joints, asked for ${String(joint)}`)
  }
  return point
}
