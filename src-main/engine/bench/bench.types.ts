import type {
  BackendName,
  BenchEvaluationResult,
  BenchProfile,
  BenchSubnet,
  BenchWork,
  ErrorInfo,
  LoaderPaces,
} from '../../contract/index.ts'
import type { TimeSummary } from './summarise-times.ts'

export const BENCH_PARTS = ['step', 'inference', 'deployed', 'evaluation', 'loader'] as const
export type BenchPart = (typeof BENCH_PARTS)[number]

export interface BenchRequest {
  /** Names of presets. */
  readonly networks: readonly string[]
  readonly subnets: readonly BenchSubnet[]
  readonly backends: readonly BackendName[]
  /** Whether it is a failure when one of them is not there: those that were asked for by name must be. */
  readonly isEveryBackendNeeded: boolean
  readonly threads: readonly number[]
  readonly parts: readonly BenchPart[]
  /** Null: the preset's own, at most {@link MOST_DEFAULT_BATCH} for networks of full size. */
  readonly batch: number | null
  readonly rounds: number
  readonly budgetMs: number
  readonly profiles: boolean
}

export interface BenchRow {
  readonly network: string
  readonly subnet: BenchSubnet
  readonly work: BenchWork
  readonly backend: BackendName
  readonly threads: number
  readonly batch: number
  readonly time: TimeSummary
  /** Convolutions only, two per multiply-add; a step counts them three times (forward and both gradients). */
  readonly gigaFlops: number
  readonly gigaFlopsPerSecond: number
  readonly imagesPerSecond: number
  readonly peakMemoryBytes: number
  readonly profile: BenchProfile | null
}

/** A generation of a preset's search, with and without sharing what is equal. */
export interface BenchEvaluationRow extends BenchEvaluationResult {
  readonly network: string
  readonly backend: BackendName
}

export interface BenchFailure {
  readonly what: string
  readonly error: ErrorInfo
}

export interface BenchReport {
  readonly machine: BenchMachine
  readonly rows: readonly BenchRow[]
  readonly loader: LoaderPaces | null
  readonly evaluations: readonly BenchEvaluationRow[]
  /** What could not be measured, with the reason. */
  readonly failures: readonly BenchFailure[]
  readonly seconds: number
}

export interface BenchMachine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  /** Mean number of runnable processes over the last minute, before the first measurement. */
  readonly load: number
  readonly platform: string
  readonly node: string
  readonly codeVersion: string
  readonly backends: readonly {
    readonly name: BackendName
    readonly version: string
    readonly device: string
  }[]
}
