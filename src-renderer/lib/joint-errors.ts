import type { SkeletonFacts } from '../../src-main/contract/index.ts'
import type { JointTriples } from './draw-pose.ts'

export interface JointError {
  readonly name: string
  readonly side: SkeletonFacts['sides'][number]
  /** Pixels of the picture; null where the joint has no truth. */
  readonly offBy: number | null
  readonly confidence: number
}

/** Distance of every joint to its truth, worst first; joints without truth come last, the least sure of them first. */
export function jointErrors(
  skeleton: Pick<SkeletonFacts, 'joints' | 'sides'>,
  prediction: JointTriples,
  truth: JointTriples | null,
): readonly JointError[] {
  return prediction
    .map(([x, y, confidence], joint): JointError => {
      const target = truth?.[joint]
      const isLabelled = target !== undefined && target[2] > 0
      return {
        name: (skeleton.joints[joint] ?? `joint ${String(joint)}`).replaceAll('_', ' '),
        side: skeleton.sides[joint] ?? 'centre',
        offBy: isLabelled ? Math.hypot(x - target[0], y - target[1]) : null,
        confidence,
      }
    })
    .toSorted((a, b) => (b.offBy ?? -1) - (a.offBy ?? -1) || a.confidence - b.confidence)
}
