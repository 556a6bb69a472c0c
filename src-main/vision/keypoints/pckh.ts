import type { JointCounts } from './pck.ts'

/** Joints of MPII, 0-based, that its means leave out: they lie inside the body. */
const PELVIS = 6
const THORAX = 7
export const MPII_JOINTS = 16

/** MPII's groups with the joints whose plain mean each is. */
const GROUPS = {
  head: [9],
  shoulder: [12, 13],
  elbow: [11, 14],
  wrist: [10, 15],
  hip: [2, 3],
  knee: [1, 4],
  ankle: [0, 5],
} as const

/** Share of the head box's diagonal that counts as head size. Source: MPII's evaluation. */
const HEAD_SHARE = 0.6

export interface PckhPerson {
  /** [16 * 2]: x, y in the pixels of the truth. */
  readonly positions: ArrayLike<number>
  /** [16 * 3]: x, y, and 0 for a joint that is not scored. */
  readonly keypoints: ArrayLike<number>
  /** Unit of distance in pixels, see {@link headSize}. */
  readonly headSize: number
}

/** Head size in pixels: 0.6 · diagonal of the head box. */
export function headSize(x1: number, y1: number, x2: number, y2: number): number {
  return Math.hypot(x2 - x1, y2 - y1) * HEAD_SHARE
}

export type PckhScores = Readonly<Record<keyof typeof GROUPS | 'mean', number | null>>

/**
 * MPII's PCKh: a joint is found if it lies within `threshold` head sizes. Group values
 * are plain means of their joints; `mean` weighs every joint by how often it is scored and leaves out pelvis and thorax.
 *
 * @param threshold - Share of the head size, 0.5 for PCKh@0.5. The official "PCKh@0.1" uses 0.11.
 * @returns Each in 0..1; null where no joint could be scored. Persons without a head size are left out.
 * Source: MPII evaluation as in the HRNet code.
 */
export function pckh(persons: readonly PckhPerson[], threshold = 0.5): PckhScores {
  const found = new Float64Array(MPII_JOINTS)
  const scored = new Float64Array(MPII_JOINTS)
  for (const person of persons) {
    judgeJoints(person, threshold, (joint, isFound) => {
      scored[joint] = (scored[joint] ?? 0) + 1
      found[joint] = (found[joint] ?? 0) + (isFound ? 1 : 0)
    })
  }
  const groups = Object.fromEntries(
    Object.entries(GROUPS).map(([name, joints]) => [name, meanShare(joints, found, scored)]),
  ) as Record<keyof typeof GROUPS, number | null>
  const counted = Array.from({ length: MPII_JOINTS }, (_, joint) => joint).filter(countsInMean)
  const total = counted.reduce((sum, joint) => sum + (scored[joint] ?? 0), 0)
  const hits = counted.reduce((sum, joint) => sum + (found[joint] ?? 0), 0)
  return { ...groups, mean: total === 0 ? null : hits / total }
}

/** What one person adds to `mean` of {@link pckh}. */
export function countPckh(person: PckhPerson, threshold = 0.5): JointCounts {
  const counts = { hits: 0, trials: 0 }
  judgeJoints(person, threshold, (joint, isFound) => {
    if (countsInMean(joint)) {
      counts.trials += 1
      counts.hits += isFound ? 1 : 0
    }
  })
  return counts
}

/** Visits the joints that are scored; none of a person without a head size. */
function judgeJoints(
  { positions, keypoints, headSize: head }: PckhPerson,
  threshold: number,
  visit: (joint: number, isFound: boolean) => void,
): void {
  if (!(head > 0)) {
    return
  }
  for (let joint = 0; joint < MPII_JOINTS; joint++) {
    if ((keypoints[joint * 3 + 2] ?? 0) > 0) {
      const dx = (positions[joint * 2] ?? 0) - (keypoints[joint * 3] ?? 0)
      const dy = (positions[joint * 2 + 1] ?? 0) - (keypoints[joint * 3 + 1] ?? 0)
      visit(joint, Math.hypot(dx, dy) / head <= threshold)
    }
  }
}

function countsInMean(joint: number): boolean {
  return joint !== PELVIS && joint !== THORAX
}

function meanShare(joints: readonly number[], found: Float64Array, scored: Float64Array): number | null {
  const shares = joints
    .filter((joint) => (scored[joint] ?? 0) > 0)
    .map((joint) => (found[joint] ?? 0) / (scored[joint] ?? 1))
  return shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length
}
