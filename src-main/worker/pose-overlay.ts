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
}

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
  { keypoints }: OverlayPerson,
  { edges, sides }: Pick<SkeletonFacts, 'edges' | 'sides'>,
  thickness: number,
): string[] {
  return edges.flatMap(([from, to]) => {
    const [a, b] = [keypoints[from], keypoints[to]]
    if (a === undefined || b === undefined || a[2] < LEAST_SHOWN || b[2] < LEAST_SHOWN) {
      return []
    }
    const color = sides[from] === sides[to] ? COLORS[sides[from] ?? 'centre'] : COLORS.centre
    const line = `<line x1="${a[0]}" y1="${a[1]}" x2="${b[0]}" y2="${b[1]}" stroke-linecap="round"`
    return [
      `${line} stroke="${CASING}" stroke-width="${thickness * 2}"/>`,
      `${line} stroke="${color}" stroke-width="${thickness}"/>`,
    ]
  })
}

function jointShapes(
  { keypoints }: OverlayPerson,
  { sides }: Pick<SkeletonFacts, 'sides'>,
  thickness: number,
): string[] {
  return keypoints.flatMap(([x, y, confidence], joint) =>
    confidence < LEAST_SHOWN
      ? []
      : [
          `<circle cx="${x}" cy="${y}" r="${thickness * 1.3}" fill="${COLORS[sides[joint] ?? 'centre']}" stroke="${CASING}" stroke-width="${thickness / 2}"/>`,
        ],
  )
}
