import { elementAt } from '../element-at.ts'
import type { Interval } from './bootstrap-interval.ts'
import { differenceInterval } from './resample-scores.ts'

export interface OrderedMember {
  /** Of the same draws for all members (`resampleScores`). */
  readonly scores: Float64Array
  /** On a split that no choice has seen; null where it was not scored there. */
  readonly reportAccuracy: number | null
}

export interface NeighbourPair {
  /** Position of the cheaper one; the other is the next. */
  readonly position: number
  /** Of the dearer one's score less the cheaper one's. */
  readonly difference: Interval
  /** The interval excludes 0. */
  readonly isApart: boolean
}

export interface FrontOrder {
  /** One fewer than members. */
  readonly neighbours: readonly NeighbourPair[]
  /** Positions of a longest chain whose steps are all certain: each member surely scores higher than the one before. */
  readonly levels: readonly number[]
  /** Whether the report split has the levels in the same order; null where fewer than two were scored there. */
  readonly reportAgrees: boolean | null
}

/**
 * How much of a front's order is certain. Two members are told apart where the interval of their paired difference excludes 0.
 *
 * @param front - By rising cost, and so by rising score.
 *
 * Cost: O(N^2 B log B) for N members and B draws.
 */
export function orderFront(front: readonly OrderedMember[]): FrontOrder {
  const neighbours = front.slice(1).map((member, position): NeighbourPair => {
    const difference = differenceInterval(elementAt(front, position, 'front').scores, member.scores)
    return { position, difference, isApart: difference.low > 0 || difference.high < 0 }
  })
  const levels = longestChain(front)
  const reported = levels.flatMap((position) => front[position]?.reportAccuracy ?? [])
  return {
    ...{ neighbours, levels },
    reportAgrees:
      reported.length < 2
        ? null
        : reported.every((value, index) => value > (reported[index - 1] ?? -Infinity)),
  }
}

/** Of equally long chains the one whose members come first. */
function longestChain(front: readonly OrderedMember[]): number[] {
  const chains: number[][] = []
  for (const [position, { scores }] of front.entries()) {
    let before: readonly number[] = []
    for (const chain of chains) {
      const last = front[chain.at(-1) ?? 0]
      if (chain.length > before.length && last !== undefined && isCertainlyMore(last.scores, scores)) {
        before = chain
      }
    }
    chains.push([...before, position])
  }
  return chains.reduce((best, chain) => (chain.length > best.length ? chain : best), [])
}

function isCertainlyMore(low: Float64Array, high: Float64Array): boolean {
  return differenceInterval(low, high).low > 0
}
