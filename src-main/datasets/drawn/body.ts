import type { RandomSource } from '../../vision/random-source.ts'

/** A point in units of body height: x to the viewer's right, y up, z toward the viewer. */
export type Point3 = readonly [x: number, y: number, z: number]

/** Joints in CrowdPose-14 order, pelvis as origin, standing height about 1; and where the head looks. */
export interface Body {
  readonly joints: readonly Point3[]
  readonly pelvis: Point3
  /** Unit vector from the face outward. */
  readonly facing: Point3
  /** Unit vector along the shoulders from right to left of the person. */
  readonly across: Point3
  /** Unit vector of the spine, upward. */
  readonly spine: Point3
  readonly proportions: Proportions
}

export interface Proportions {
  readonly shoulderHalf: number
  readonly hipHalf: number
  readonly torso: number
  readonly head: number
  readonly upperArm: number
  readonly lowerArm: number
  readonly thigh: number
  readonly shin: number
  /** Radius of a limb. */
  readonly limbRadius: number
}

const DEGREE = Math.PI / 180

/** `lively`: any posture, seen from anywhere; `calm`: standing or walking, more or less facing the viewer. */
export type Manner = 'lively' | 'calm'

/** A person of random proportion, posture and direction. */
export function drawBody(random: RandomSource, manner: Manner = 'lively'): Body {
  const isCalm = manner === 'calm'
  const proportions = drawProportions(random)
  const posture = isCalm ? drawCalmPosture(random) : drawPosture(random)
  const own = buildSkeleton(random, proportions, posture)
  const view = isCalm ? drawFrontView(random) : drawView(random)
  return {
    joints: own.joints.map((joint) => turn(joint, view)),
    pelvis: [0, 0, 0],
    facing: turn(own.facing, view),
    across: turn(own.across, view),
    spine: turn(own.spine, view),
    proportions,
  }
}

function drawProportions(random: RandomSource): Proportions {
  const vary = (middle: number, share: number): number => middle * (1 + share * (2 * random.next() - 1))
  return {
    shoulderHalf: vary(0.115, 0.2),
    hipHalf: vary(0.072, 0.2),
    torso: vary(0.3, 0.12),
    head: vary(0.165, 0.2),
    upperArm: vary(0.17, 0.12),
    lowerArm: vary(0.16, 0.12),
    thigh: vary(0.245, 0.12),
    shin: vary(0.24, 0.12),
    limbRadius: vary(0.038, 0.25),
  }
}

type Posture = 'standing' | 'walking' | 'crouching' | 'leaping' | 'free'

function drawPosture(random: RandomSource): Posture {
  const value = random.next()
  if (value < 0.34) {
    return 'standing'
  }
  if (value < 0.64) {
    return 'walking'
  }
  if (value < 0.74) {
    return 'crouching'
  }
  return value < 0.88 ? 'leaping' : 'free'
}

function drawCalmPosture(random: RandomSource): Posture {
  return random.next() < 0.6 ? 'standing' : 'walking'
}

interface OwnSkeleton {
  readonly joints: readonly Point3[]
  readonly facing: Point3
  readonly across: Point3
  readonly spine: Point3
}

/** In the person's own frame: x to its left, y up, z forward. */
function buildSkeleton(random: RandomSource, size: Proportions, posture: Posture): OwnSkeleton {
  const spread = posture === 'standing' ? 5 : 14
  const spine = unit([
    Math.tan(random.normal() * spread * DEGREE),
    1,
    Math.tan((random.normal() * spread + (posture === 'crouching' ? 18 : 2)) * DEGREE),
  ])
  const twist = random.normal() * 14 * DEGREE
  const across = unit(rejectFrom([Math.cos(twist), 0, -Math.sin(twist)], spine))
  const neck = scaled(spine, size.torso)
  const shoulders = scaled(spine, size.torso - 0.02)
  const headLean: Point3 = [random.normal() * 0.15, 0, random.normal() * 0.15]
  const top = added(neck, scaled(unit(added(spine, headLean)), size.head))
  const joints: Point3[] = new Array<Point3>(14).fill([0, 0, 0])
  const phase = random.next() < 0.5 ? 1 : -1
  for (const [offset, side] of [
    [0, 1],
    [1, -1],
  ] as const) {
    const shoulder = added(shoulders, scaled(across, side * size.shoulderHalf))
    const [elbow, wrist] = drawArm(random, size, shoulder, side, -phase * side, posture)
    const hip: Point3 = [side * size.hipHalf, 0, 0]
    const [knee, ankle] = drawLeg(random, size, hip, side, phase * side, posture)
    joints[offset] = shoulder
    joints[2 + offset] = elbow
    joints[4 + offset] = wrist
    joints[6 + offset] = hip
    joints[8 + offset] = knee
    joints[10 + offset] = ankle
  }
  joints[12] = top
  joints[13] = neck
  const look = random.normal() * 25 * DEGREE
  const ahead = rejectFrom([Math.sin(look), 0, Math.cos(look)], spine)
  return { joints, facing: unit(ahead), across, spine }
}

/** Elbow and wrist. `swing` is +1 for the arm that swings forward in walking. */
function drawArm(
  random: RandomSource,
  size: Proportions,
  shoulder: Point3,
  side: number,
  swing: number,
  posture: Posture,
): [Point3, Point3] {
  const value = random.next()
  let lift = Math.abs(14 + 10 * random.normal())
  if (value < 0.25 || posture === 'leaping') {
    lift = 30 + 110 * random.next()
  } else if (value < 0.35) {
    lift = 115 + 60 * random.next()
  }
  const around = posture === 'walking' && lift < 60 ? 80 * swing : -30 + 130 * random.next()
  const direction = limbDirection(lift, around, side)
  const bend = random.next() < 0.4 ? 25 * random.next() : 25 + 105 * random.next()
  const toward: Point3 = [-0.4 * side + 0.5 * random.normal(), 0.3 + 0.6 * random.normal(), 1]
  const elbow = added(shoulder, scaled(direction, size.upperArm))
  return [elbow, added(elbow, scaled(bent(direction, toward, bend), size.lowerArm))]
}

/** Knee and ankle. `swing` is +1 for the leg in front. */
function drawLeg(
  random: RandomSource,
  size: Proportions,
  hip: Point3,
  side: number,
  swing: number,
  posture: Posture,
): [Point3, Point3] {
  let lift = Math.abs(4 + 5 * random.normal())
  let around = 20 + 60 * random.next()
  let bend = 12 * random.next()
  switch (posture) {
    case 'standing':
      break
    case 'walking':
      lift = 8 + 30 * random.next()
      around = 90 * swing
      bend = swing > 0 ? 35 * random.next() : 10 + 55 * random.next()
      break
    case 'crouching':
      lift = 45 + 60 * random.next()
      around = 50 + 40 * random.next()
      bend = 60 + 65 * random.next()
      break
    case 'leaping':
      lift = 15 + 55 * random.next()
      around = 130 * random.next() - 20
      bend = 80 * random.next()
      break
    case 'free':
      lift = 100 * random.next() ** 2
      around = 110 * random.next()
      bend = 110 * random.next()
      break
    default: {
      const unknown: never = posture
      throw new RangeError(`unknown posture ${String(unknown)}`)
    }
  }
  const direction = limbDirection(lift, around, side)
  const knee = added(hip, scaled(direction, size.thigh))
  return [knee, added(knee, scaled(bent(direction, [0.2 * random.normal(), 0, -1], bend), size.shin))]
}

/** `lift` degrees away from hanging down, toward the side (around = 0) or forward (90). */
function limbDirection(lift: number, around: number, side: number): Point3 {
  const out = Math.sin(lift * DEGREE)
  return [side * out * Math.cos(around * DEGREE), -Math.cos(lift * DEGREE), out * Math.sin(around * DEGREE)]
}

/** The direction turned by `degrees` toward another one. */
function bent(direction: Point3, toward: Point3, degrees: number): Point3 {
  const sideways = rejectFrom(toward, direction)
  const length = Math.hypot(...sideways)
  if (length < 1e-9) {
    return direction
  }
  return added(
    scaled(direction, Math.cos(degrees * DEGREE)),
    scaled(sideways, Math.sin(degrees * DEGREE) / length),
  )
}

interface View {
  readonly yaw: number
  readonly pitch: number
  readonly roll: number
}

/** Mostly from the front, sometimes from behind or the side; seldom far from upright. */
function drawView(random: RandomSource): View {
  const direction = random.next()
  let yaw = 360 * random.next()
  if (direction < 0.66) {
    yaw = 28 * random.normal()
  } else if (direction < 0.84) {
    yaw = 180 + 32 * random.normal()
  }
  const spread = random.next() < 0.85 ? 7 : 28
  return { yaw: yaw * DEGREE, pitch: random.normal() * 7 * DEGREE, roll: random.normal() * spread * DEGREE }
}

function drawFrontView(random: RandomSource): View {
  const turn = (degrees: number): number => random.normal() * degrees * DEGREE
  return { yaw: turn(22), pitch: turn(5), roll: turn(6) }
}

/** Turns about the vertical, then the horizontal, then the line of sight. Seen from the front, the person's left is at +x. */
function turn([x, y, z]: Point3, { yaw, pitch, roll }: View): Point3 {
  const turnedX = x * Math.cos(yaw) + z * Math.sin(yaw)
  const turnedZ = z * Math.cos(yaw) - x * Math.sin(yaw)
  const pitchedY = y * Math.cos(pitch) - turnedZ * Math.sin(pitch)
  const pitchedZ = turnedZ * Math.cos(pitch) + y * Math.sin(pitch)
  return [
    turnedX * Math.cos(roll) - pitchedY * Math.sin(roll),
    pitchedY * Math.cos(roll) + turnedX * Math.sin(roll),
    pitchedZ,
  ]
}

export function added(a: Point3, b: Point3): Point3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

export function scaled(a: Point3, factor: number): Point3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor]
}

function unit(a: Point3): Point3 {
  return scaled(a, 1 / Math.hypot(...a))
}

/** The part of `a` at a right angle to the unit vector `axis`. */
function rejectFrom(a: Point3, axis: Point3): Point3 {
  const along = a[0] * axis[0] + a[1] * axis[1] + a[2] * axis[2]
  return added(a, scaled(axis, -along))
}
