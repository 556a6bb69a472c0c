import type { DatasetFacts } from './run.ts'

export interface PreflightCheck {
  readonly name: string
  readonly status: 'pending' | 'running' | 'passed' | 'failed' | 'warned'
  readonly detail: string
  readonly milliseconds: number | null
  /** Dotted config path of the field at fault, for the form to mark. */
  readonly field: string | null
}

export interface SubnetCost {
  readonly params: number
  readonly macs: number
}

/** What a run will cost on this machine: sizes by formula, times by what was measured here. */
export interface CostEstimate {
  readonly smallest: SubnetCost
  readonly largest: SubnetCost
  readonly supernetParams: number
  readonly log10SpaceSize: number
  /**
   * Whose figures the times are: those of this machine's calibration for networks of this size, else the few iterations of the preflight
   * with threads and workers by the number of cores. Null: nothing was measured, the times are null.
   */
  readonly timesFrom: 'calibration' | 'preflight' | null
  /** Milliseconds since 1970; null unless the times are of a calibration. */
  readonly calibratedAt: number | null
  readonly iterationMsSmallest: number | null
  readonly iterationMsLargest: number | null
  readonly peakMemoryBytes: number | null
  readonly diskBytes: number
  readonly freeDiskBytes: number
  readonly secondsTeacher: number | null
  readonly secondsSupernet: number | null
  readonly secondsSearch: number | null
}

export interface PreflightResult {
  readonly ok: boolean
  readonly checks: readonly PreflightCheck[]
  readonly cost: CostEstimate
  readonly dataset: DatasetFacts | null
}
