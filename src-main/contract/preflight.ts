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

/** What a run will cost on this machine, by formula and a short measured calibration. */
export interface CostEstimate {
  readonly smallest: SubnetCost
  readonly largest: SubnetCost
  readonly supernetParams: number
  readonly log10SpaceSize: number
  /** Null until the calibration ran. */
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
