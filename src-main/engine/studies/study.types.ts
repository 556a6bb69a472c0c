import type { Protocol, RunConfig } from '../../contract/index.ts'
import type { Interval } from '../../nas/statistics/bootstrap-interval.ts'
import type { StudyBench } from './study-bench.ts'
import type { StudyCounts } from './study-budget.ts'

/** The claims of the paper that a small machine can try (method.md 11.3, rows 1 to 5). */
export const STUDY_NAMES = ['sampling', 'rank', 'fusion', 'evolution', 'recalibration'] as const
export type StudyName = (typeof STUDY_NAMES)[number]

/** One measured number. All studies report such rows, so that one table shows any of them. */
export interface Finding {
  /** What was measured, for example 'mean accuracy, grouped - uniform'. */
  readonly measure: string
  /** Which part of the entries, for example 'cheapest third'; '' for all of them. */
  readonly group: string
  /** Seed of the training or search; null where all seeds went in. */
  readonly seed: number | null
  /** Null where the entries do not define it. */
  readonly value: number | null
  /** 95 % percentile bootstrap over the samples; null where none was taken. */
  readonly interval: Interval | null
  /** What the value stands on: networks, pairs of networks, or searches. */
  readonly samples: number
}

/** One score, so that whoever doubts a finding can compute it again. */
export interface StudyScore {
  /** 'grouped', 'alone', 'without recalibration', … */
  readonly network: string
  /** Seed of the training. */
  readonly seed: number
  /** Stratum or draw that the genotype came from. */
  readonly label: string
  readonly genotypeId: string
  readonly macs: number
  /** In [0, 1]. */
  readonly accuracy: number
}

export interface StudyResult {
  readonly findings: readonly Finding[]
  readonly scores: readonly StudyScore[]
  /** What limits these findings: few seeds, matches that were not found. */
  readonly notes: readonly string[]
}

/** What a study works with. */
export interface StudyContext {
  readonly bench: StudyBench
  readonly counts: StudyCounts
  readonly seeds: readonly number[]
  /** The other way of sampling in the study of that name. */
  readonly rival: 'uniform' | 'sandwich'
}

/** The whole outcome of `scalenas study`: enough to repeat it. */
export interface StudyReport extends StudyResult {
  readonly study: StudyName
  readonly claim: string
  readonly command: string
  readonly codeVersion: string
  readonly preset: string
  readonly budget: string
  readonly counts: StudyCounts
  readonly seeds: readonly number[]
  /** Every way in which scores were measured; they differ in the seed and, where that is the question, in the recalibration. */
  readonly protocols: readonly Protocol[]
  readonly config: RunConfig
  readonly seconds: number
}
