import type { ClassFacts, SkeletonFacts } from '../../src-main/contract/index.ts'
import type { Token } from './chart-tokens.ts'
import { drawErrors, drawPrediction, drawTruth } from './draw-pose.ts'
import type { JointTriples, PoseColors, PoseDrawing } from './draw-pose.ts'
import { pairPersons } from './pair-persons.ts'
import { colorizeErrors, colorizeLabels, labelOutlines } from './label-map.ts'
import type { LabelStyle } from './label-map.ts'

/** What lies over a picture: key points, or label maps of the picture's size. Null parts are not there (yet). */
export type OverlayContent =
  | {
      readonly kind: 'pose'
      readonly skeleton: SkeletonFacts
      readonly prediction: JointTriples | null
      readonly truth: JointTriples | null
    }
  | {
      readonly kind: 'bottom-up-pose'
      readonly skeleton: SkeletonFacts
      /** Everybody found, and everybody labelled. */
      readonly prediction: readonly JointTriples[] | null
      readonly truth: readonly JointTriples[] | null
    }
  | {
      readonly kind: 'segmentation'
      readonly classes: ClassFacts
      readonly prediction: Uint8Array | null
      readonly truth: Uint8Array | null
    }

export interface OverlayOptions {
  /** `both` draws the truth over a faint prediction. */
  readonly show: 'prediction' | 'truth' | 'none'
  readonly hasErrors: boolean
  /** 0..1, of masks and of skeletons. */
  readonly opacity: number
  /** Joints below are left out. */
  readonly minConfidence: number
  readonly hiddenClasses: ReadonlySet<number>
  readonly hasOutlines: boolean
  /** Brightness of the picture below. */
  readonly dim: number
}

export const PLAIN_OVERLAY: OverlayOptions = {
  show: 'prediction',
  hasErrors: false,
  opacity: 0.58,
  minConfidence: 0,
  hiddenClasses: new Set(),
  hasOutlines: true,
  dim: 1,
}

export interface OverlaySurface {
  readonly width: number
  readonly height: number
  /** Canvas pixels per picture pixel. */
  readonly scale: number
  readonly thickness: number
  readonly token: Token
}

/** Draws an overlay onto an empty canvas. */
export function paintOverlay(
  context: CanvasRenderingContext2D,
  content: OverlayContent,
  options: OverlayOptions,
  surface: OverlaySurface,
): void {
  if (options.show === 'none') {
    return
  }
  switch (content.kind) {
    case 'pose':
      paintPose(context, content, options, surface)
      break
    case 'bottom-up-pose':
      paintPersons(context, content, options, surface)
      break
    case 'segmentation':
      paintLabels(context, content, options, surface)
      break
    default:
      content satisfies never
  }
}

function paintPose(
  context: CanvasRenderingContext2D,
  content: Extract<OverlayContent, { kind: 'pose' }>,
  options: OverlayOptions,
  surface: OverlaySurface,
): void {
  const drawing: PoseDrawing = {
    skeleton: content.skeleton,
    scale: surface.scale,
    thickness: surface.thickness,
    colors: poseColors(surface.token),
  }
  context.globalAlpha = options.opacity
  if (options.show === 'prediction' && content.prediction !== null) {
    drawPrediction(context, content.prediction, drawing, options.minConfidence)
  }
  context.globalAlpha = 1
  if (options.show === 'truth' && content.truth !== null) {
    drawTruth(context, content.truth, drawing)
  }
  if (options.hasErrors && content.prediction !== null && content.truth !== null) {
    drawErrors(context, content.prediction, content.truth, drawing)
  }
}

/** How many run colours there are; persons take them in turn. */
const PERSON_COLORS = 8
/** Joints that no heat was found for stand at 0. */
const LEAST_HEAT = 1e-6

/** Everybody in a colour of their own, so that one sees whose arm it is. */
function paintPersons(
  context: CanvasRenderingContext2D,
  { skeleton, prediction, truth }: Extract<OverlayContent, { kind: 'bottom-up-pose' }>,
  options: OverlayOptions,
  { scale, thickness, token }: OverlaySurface,
): void {
  const colors = poseColors(token)
  const drawing: PoseDrawing = { skeleton, scale, thickness, colors }
  context.globalAlpha = options.opacity
  if (options.show === 'prediction') {
    for (const [index, person] of (prediction ?? []).entries()) {
      const own = token(`run-${String((index % PERSON_COLORS) + 1)}`)
      const painted = { ...drawing, colors: { ...colors, left: own, right: own, centre: own } }
      drawPrediction(context, person, painted, Math.max(LEAST_HEAT, options.minConfidence))
    }
  }
  context.globalAlpha = 1
  if (options.show === 'truth') {
    for (const person of truth ?? []) {
      drawTruth(context, person, drawing)
    }
  }
  if (options.hasErrors && prediction !== null) {
    for (const { found, labelled } of pairPersons(prediction, truth ?? [])) {
      drawErrors(context, found, labelled, drawing)
    }
  }
}

function paintLabels(
  context: CanvasRenderingContext2D,
  content: Extract<OverlayContent, { kind: 'segmentation' }>,
  options: OverlayOptions,
  surface: OverlaySurface,
): void {
  const { prediction, truth } = content
  const { palette, ignoreLabel } = content.classes
  if (options.hasErrors && prediction !== null && truth !== null) {
    const color = surface.token('overlay-error')
    drawPixels(context, colorizeErrors(prediction, truth, ignoreLabel, color), surface)
    return
  }
  const labels = options.show === 'truth' ? truth : prediction
  if (labels === null) {
    return
  }
  const style = { palette, ignoreLabel, hiddenClasses: options.hiddenClasses, fill: options.opacity }
  drawPixels(context, colorizeLabels(labels, style), surface)
  if (options.hasOutlines) {
    strokeOutlines(context, labels, style, surface)
  }
}

/** Opacity of an outline; the design has 93 %. */
const OUTLINE_OPACITY = 0.93

/** A thin line of the screen, not of the map, so that a small map does not get thick borders. */
function strokeOutlines(
  context: CanvasRenderingContext2D,
  labels: Uint8Array,
  style: LabelStyle,
  { width, scale, thickness }: OverlaySurface,
): void {
  context.globalAlpha = OUTLINE_OPACITY
  context.lineWidth = Math.max(1, thickness * 0.4)
  context.lineCap = 'square'
  for (const [label, segments] of labelOutlines(labels, width)) {
    const color = style.palette[label]
    if (color === undefined || label === style.ignoreLabel || style.hiddenClasses.has(label)) {
      continue
    }
    context.beginPath()
    for (const { x0, y0, x1, y1 } of segments) {
      context.moveTo(x0 * scale, y0 * scale)
      context.lineTo(x1 * scale, y1 * scale)
    }
    context.strokeStyle = color
    context.stroke()
  }
  context.globalAlpha = 1
}

/** Pixels keep their edges: a label map is an index map, and a blurred border would invent classes. */
function drawPixels(
  context: CanvasRenderingContext2D,
  pixels: Uint8ClampedArray<ArrayBuffer>,
  { width, height, scale }: OverlaySurface,
): void {
  const small = new OffscreenCanvas(width, height)
  small.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0)
  context.imageSmoothingEnabled = false
  context.drawImage(small, 0, 0, width * scale, height * scale)
}

function poseColors(token: Token): PoseColors {
  return {
    left: token('joint-left'),
    right: token('joint-right'),
    centre: token('joint-centre'),
    truth: token('joint-truth'),
    casing: token('joint-casing'),
    error: token('overlay-error'),
  }
}
