import type { SkeletonFacts } from '../contract/index.ts'
import type { RgbImage } from '../datasets/dataset.ts'
import { encodeOverlayPng } from '../datasets/encode-png.ts'

/** Joints below this confidence are not drawn; the JSON has them all. */
const LEAST_SHOWN = 0.2
const COLORS = { left: '#38bdf8', right: '#fb923c', centre: '#a3e635' } as const
const CASING = '#0b1220'

export interface OverlayPerson {
  readonly box: readonly [number, number, number, number]
  /** [x, y, confidence] per joint. */
  readonly keypoints: readonly (readonly [number, number, number])[]
  /** One colour for all of the person, where several are told apart; absent: by sides. */
  readonly color?: string
  /** Joints below are not drawn; default 0.2. */
  readonly leastShown?: number
}

/** Colours of persons in turn. */
export const PERSON_COLORS = [
  '#67a5ff',
  '#fb923c',
  '#a3e635',
  '#f472b6',
  '#facc15',
  '#2dd4bf',
  '#c084fc',
  '#d5dfeb',
] as const

/** A picture with bones, joints and boxes over it, as PNG: left sky, right orange, centre lime. */
export function drawPoseOverlay(
  image: RgbImage,
  persons: readonly OverlayPerson[],
  skeleton: Pick<SkeletonFacts, 'edges' | 'sides'>,
): Promise<Uint8Array> {
  const thickness = Math.max(1.5, Math.min(image.width, image.height) / 160)
  const shapes = persons.flatMap((person) => [
    boxShape(person, thickness),
    ...boneShapes(person, skeleton, thickness),
    ...jointShapes(person, skeleton, thickness),
  ])
  return encodeOverlayPng(image, shapes.join(''))
}

function boxShape({ box: [x, y, width, height] }: OverlayPerson, thickness: number): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#e2e8f0" stroke-opacity="0.7" stroke-width="${thickness / 2}" stroke-dasharray="${thickness * 2}"/>`
}

function boneShapes(
  { keypoints, color: own, leastShown = LEAST_SHOWN }: OverlayPerson,
  { edges, sides }: Pick<SkeletonFacts, 'edges' | 'sides'>,
  thickness: number,
): string[] {
  return edges.flatMap(([from, to]) => {
    const [a, b] = [keypoints[from], keypoints[to]]
    if (a === undefined || b === undefined || a[2] < leastShown || b[2] < leastShown) {
      return []
    }
    const color = own ?? (sides[from] === sides[to] ? COLORS[sides[from] ?? 'centre'] : COLORS.centre)
    const line = `<line x1="${a[0]}" y1="${a[1]}" x2="${b[0]}" y2="${b[1]}" stroke-linecap="round"`
    return [
      `${line} stroke="${CASING}" stroke-width="${thickness * 2}"/>`,
      `${line} stroke="${color}" stroke-width="${thickness}"/>`,
    ]
  })
}

function jointShapes(
  { keypoints, color, leastShown = LEAST_SHOWN }: OverlayPerson,
  { sides }: Pick<SkeletonFacts, 'sides'>,
  thickness: number,
): string[] {
  return keypoints.flatMap(([x, y, confidence], joint) =>
    confidence < leastShown
      ? []
      : [
          `<circle cx="${x}" cy="${y}" r="${thickness * 1.3}" fill="${color ?? COLORS[sides[joint] ?? 'centre']}" stroke="${CASING}" stroke-width="${thickness / 2}"/>`,
        ],
  )
}
