import type { SkeletonFacts } from '../../src-main/contract/index.ts'

/** [x, y, third] per joint in pixels of the picture; third is a confidence or a visibility. */
export type JointTriples = readonly (readonly [number, number, number])[]

export interface PoseColors {
  readonly left: string
  readonly right: string
  readonly centre: string
  readonly truth: string
  readonly casing: string
  readonly error: string
}

export interface PoseDrawing {
  readonly skeleton: Pick<SkeletonFacts, 'edges' | 'sides'>
  /** Pixels of the canvas per pixel of the picture. */
  readonly scale: number
  /** Thickness of a bone in pixels of the canvas. */
  readonly thickness: number
  readonly colors: PoseColors
}

/** The part of a canvas context that overlays need; tests pass a recorder. */
export type PoseContext = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'arc'
  | 'stroke'
  | 'fill'
  | 'setLineDash'
  | 'strokeStyle'
  | 'fillStyle'
  | 'lineWidth'
  | 'lineCap'
>

/**
 * Draws bones, then joints: left sky, right orange, centre lime, each with a dark casing of twice the width.
 *
 * @param minConfidence - Joints below are left out, and so are their bones.
 */
export function drawPrediction(
  context: PoseContext,
  joints: JointTriples,
  drawing: PoseDrawing,
  minConfidence: number,
): void {
  const isShown = (joint: number): boolean => (joints[joint]?.[2] ?? -1) >= minConfidence
  const bones = drawing.skeleton.edges.filter(([from, to]) => isShown(from) && isShown(to))
  context.lineCap = 'round'
  context.setLineDash([])
  for (const bone of bones) {
    strokeBone(context, joints, bone, drawing.scale, drawing.colors.casing, drawing.thickness * 2)
  }
  for (const bone of bones) {
    strokeBone(context, joints, bone, drawing.scale, boneColor(bone, drawing), drawing.thickness)
  }
  joints.forEach(([x, y], joint) => {
    if (isShown(joint)) {
      context.beginPath()
      context.arc(x * drawing.scale, y * drawing.scale, drawing.thickness * 1.25, 0, Math.PI * 2)
      context.fillStyle = jointColor(joint, drawing)
      context.fill()
      context.strokeStyle = drawing.colors.casing
      context.lineWidth = Math.max(1, drawing.thickness * 0.45)
      context.stroke()
    }
  })
}

/** Draws the truth white and dashed; occluded joints (visibility 1) are hollow, unlabelled ones (0) are left out. */
export function drawTruth(context: PoseContext, joints: JointTriples, drawing: PoseDrawing): void {
  const isLabelled = (joint: number): boolean => (joints[joint]?.[2] ?? 0) > 0
  const bones = drawing.skeleton.edges.filter(([from, to]) => isLabelled(from) && isLabelled(to))
  context.lineCap = 'round'
  for (const bone of bones) {
    context.setLineDash([])
    strokeBone(context, joints, bone, drawing.scale, drawing.colors.casing, drawing.thickness * 1.5)
    context.setLineDash([drawing.thickness * 1.8, drawing.thickness * 1.3])
    strokeBone(context, joints, bone, drawing.scale, drawing.colors.truth, drawing.thickness * 0.75)
  }
  context.setLineDash([])
  joints.forEach(([x, y, visibility]) => {
    if (visibility > 0) {
      context.beginPath()
      context.arc(x * drawing.scale, y * drawing.scale, drawing.thickness * 1.1, 0, Math.PI * 2)
      context.fillStyle = visibility === 1 ? drawing.colors.casing : drawing.colors.truth
      context.fill()
      context.strokeStyle = visibility === 1 ? drawing.colors.truth : drawing.colors.casing
      context.lineWidth = Math.max(1, drawing.thickness * 0.5)
      context.stroke()
    }
  })
}

/** A line from each predicted joint to its labelled truth. */
export function drawErrors(
  context: PoseContext,
  joints: JointTriples,
  truth: JointTriples,
  drawing: PoseDrawing,
): void {
  context.setLineDash([])
  context.lineCap = 'round'
  joints.forEach(([x, y], joint) => {
    const target = truth[joint]
    if (target !== undefined && target[2] > 0) {
      context.beginPath()
      context.moveTo(x * drawing.scale, y * drawing.scale)
      context.lineTo(target[0] * drawing.scale, target[1] * drawing.scale)
      context.strokeStyle = drawing.colors.error
      context.lineWidth = Math.max(1, drawing.thickness * 0.8)
      context.stroke()
    }
  })
}

function strokeBone(
  context: PoseContext,
  joints: JointTriples,
  [from, to]: readonly [number, number],
  scale: number,
  color: string,
  width: number,
): void {
  const start = joints[from]
  const end = joints[to]
  if (start === undefined || end === undefined) {
    return
  }
  context.beginPath()
  context.moveTo(start[0] * scale, start[1] * scale)
  context.lineTo(end[0] * scale, end[1] * scale)
  context.strokeStyle = color
  context.lineWidth = width
  context.stroke()
}

function jointColor(joint: number, { skeleton, colors }: PoseDrawing): string {
  return colors[skeleton.sides[joint] ?? 'centre']
}

/** A bone has the side of its ends where they agree, else it belongs to the centre. */
function boneColor([from, to]: readonly [number, number], { skeleton, colors }: PoseDrawing): string {
  const side = skeleton.sides[from]
  return side !== undefined && side === skeleton.sides[to] ? colors[side] : colors.centre
}
