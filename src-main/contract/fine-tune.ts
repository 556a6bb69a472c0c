import type { Protocol } from './candidate.ts'
import type { ErrorInfo } from './error.ts'
import type { ExportedFile } from './export.ts'

/** method.md 8.3: 15 epochs at 1e-4, then 5 at 1e-5. Other lengths keep the ratio. */
export const FINE_TUNE_EPOCHS = 20
export const MOST_FINE_TUNE_EPOCHS = 200

/** Epochs at one learning rate. */
export interface FineTuneStage {
  readonly epochs: number
  readonly learningRate: number
}

/** One pass over the training split and the score after it. */
export interface FineTuneEpoch {
  /** Counts from 1. */
  readonly epoch: number
  readonly learningRate: number
  /** Mean task loss of its iterations. */
  readonly loss: number
  /** On the search split with running statistics, in [0, 1]. */
  readonly accuracy: number
}

/** In [0, 1]. */
export interface SplitAccuracies {
  /** Chooses the epoch that is kept, so it flatters. */
  readonly search: number
  /** Chooses nothing. */
  readonly report: number
}

/** Both numbers side by side (method.md 8.3); same images, same metric, same mirrored scoring. */
export interface FineTuneScores {
  readonly metricName: string
  readonly samples: { readonly search: number; readonly report: number }
  /** Of the inherited scores; the fine-tuned ones differ in that batch norm stays as trained. Absent of older records. */
  readonly protocols?: { readonly search: Protocol; readonly report: Protocol }
  /** With recalibrated batch norm, before any training of its own. */
  readonly inherited: SplitAccuracies
  /** Of the epoch that was kept, measured with the file that was written. */
  readonly fineTuned: SplitAccuracies
  /** The first one with the highest search accuracy. */
  readonly bestEpoch: number
  readonly epochs: readonly FineTuneEpoch[]
  readonly stages: readonly FineTuneStage[]
  readonly batch: number
}

/** What the run's folder keeps. */
export interface FineTuneRecord extends FineTuneScores {
  readonly candidateId: string
  readonly genotypeId: string
  readonly files: readonly ExportedFile[]
}

export interface FineTuneResult extends FineTuneRecord {
  /** Absolute. */
  readonly folder: string
}

export interface FineTuneProgress {
  /** Optimizer updates. */
  readonly done: number
  readonly total: number
  readonly note: string
}

/** A genotype's fine-tune: what happens now, how the last try in this engine ended, and what is stored. */
export interface FineTuneStatus {
  readonly running: FineTuneProgress | null
  /** Null after a success; STOPPED after a stop. */
  readonly error: ErrorInfo | null
  readonly result: FineTuneResult | null
}
