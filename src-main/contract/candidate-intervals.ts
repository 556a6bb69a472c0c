/** How certain the scores of a run are on one split: bootstrap over pictures. */
export interface CandidateIntervals {
  readonly split: 'search' | 'report'
  /** Share of the resampled scores inside an interval: 0.95. */
  readonly level: number
  readonly resamples: number
  /** Pictures that each score is of; 0 where no results by picture were kept. */
  readonly pictures: number
  /** Front members and reference rows by rising cost. Those without results by picture are left out. */
  readonly members: readonly MemberInterval[]
  /** Numbers of a longest chain of front members that each surely score higher than the one before. */
  readonly levels: readonly number[]
  /** Whether the report split has these levels in the same order; null where it scored fewer than two of them. */
  readonly reportAgrees: boolean | null
}

/** Scores in [0, 1]. */
export interface MemberInterval {
  readonly candidateId: string
  readonly number: number
  readonly isFront: boolean
  readonly accuracy: number
  readonly low: number
  readonly high: number
  /** Neighbours on the front that it cannot be told apart from; none of a member that is not on it. */
  readonly notApartFrom: readonly number[]
}

/** Half of the interval's width: what follows the ±. */
export function halfWidth({ low, high }: Pick<MemberInterval, 'low' | 'high'>): number {
  return (high - low) / 2
}
