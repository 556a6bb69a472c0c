import { jointSimilarity, squaredDistance } from './object-keypoint-similarity.ts'

/** A prediction that competes with others of its picture. */
export interface ScoredPose {
  readonly score: number
  /** [J * 3]: x, y, and a third number that is not used. */
  readonly keypoints: ArrayLike<number>
  /** Of the crop it came from, square pixels: 200 s_x · 200 s_y. */
  readonly area: number
}

/** Two predictions closer than this are one person. Source: method.md 6.2. */
export const OKS_NMS_THRESHOLD = 0.9

/** Soft suppression keeps at most this many. Source: the HRNet code's `soft_oks_nms`. */
export const MOST_SOFT_KEPT = 20

/** OKS between two predictions: all joints, area = mean of both. */
export function poseSimilarity(a: ScoredPose, b: ScoredPose, sigmas: readonly number[]): number {
  const area = (a.area + b.area) / 2
  const sum = sigmas.reduce(
    (total, sigma, joint) =>
      total + jointSimilarity(squaredDistance(a.keypoints, b.keypoints, joint), sigma, area),
    0,
  )
  return sigmas.length === 0 ? 0 : sum / sigmas.length
}

/**
 * Suppresses predictions of one picture that repeat a better one: by falling score, each kept pose drops the later ones whose OKS with
 * it is above the threshold. Of equal scores the later in the list goes first, as in the reference code.
 *
 * @returns Indices of the kept poses, by falling score. Source: method.md 6.2.
 */
export function oksNms(
  poses: readonly ScoredPose[],
  sigmas: readonly number[],
  threshold = OKS_NMS_THRESHOLD,
): number[] {
  let rest = fallingOrder(poses.map(({ score }) => score))
  const kept: number[] = []
  for (let [best] = rest; best !== undefined; [best] = rest) {
    kept.push(best)
    const winner = best
    rest = rest.slice(1).filter((other) => similarityOf(poses, winner, other, sigmas) <= threshold)
  }
  return kept
}

/**
 * Soft form: instead of dropping, every later score is multiplied by exp(-OKS² / threshold) and the rest sorted anew.
 *
 * @returns Indices of at most {@link MOST_SOFT_KEPT} poses in the order in which they were taken.
 */
export function softOksNms(
  poses: readonly ScoredPose[],
  sigmas: readonly number[],
  threshold = OKS_NMS_THRESHOLD,
): number[] {
  let rest = fallingOrder(poses.map(({ score }) => score))
  const scores = poses.map(({ score }) => score)
  const kept: number[] = []
  for (let [best] = rest; best !== undefined && kept.length < MOST_SOFT_KEPT; [best] = rest) {
    kept.push(best)
    const others = rest.slice(1)
    for (const other of others) {
      const overlap = similarityOf(poses, best, other, sigmas)
      scores[other] = (scores[other] ?? 0) * Math.exp((-overlap * overlap) / threshold)
    }
    rest = fallingOrder(others.map((other) => scores[other] ?? 0)).flatMap((at) => others[at] ?? [])
  }
  return kept
}

function similarityOf(poses: readonly ScoredPose[], a: number, b: number, sigmas: readonly number[]): number {
  const [first, second] = [poses[a], poses[b]]
  return first === undefined || second === undefined ? 0 : poseSimilarity(first, second, sigmas)
}

/** Indices by falling score; of equal scores the later one first. */
function fallingOrder(scores: readonly number[]): number[] {
  return scores.map((_, index) => index).toSorted((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || b - a)
}
