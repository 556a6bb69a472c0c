import type { RunConfig } from './config.ts'

/** Members of a search space that have a name (method.md 2.2). */
export const BENCH_SUBNETS = ['smallest', 'hrnet', 'largest'] as const
export type BenchSubnet = (typeof BENCH_SUBNETS)[number]

/**
 * `step`: forward, loss, backward and optimizer on one batch, the loss read. `inference`: forward with running statistics, the
 * output read. `deployed`: the same without dead layers and with the norms folded into the convolutions, as exported networks run.
 */
export const BENCH_WORKS = ['step', 'inference', 'deployed'] as const
export type BenchWork = (typeof BENCH_WORKS)[number]

/** Repeats one piece of work for a while; the worker keeps network and batch for the next job of the same subject. */
export interface BenchJob {
  readonly kind: 'bench'
  readonly config: RunConfig
  readonly outputs: number
  readonly subnet: BenchSubnet
  readonly batch: number
  readonly work: BenchWork
  /** Repetitions start until this much time is spent; at least `leastRepetitions`. 0 repetitions only prepare and warm up. */
  readonly budgetMs: number
  readonly leastRepetitions: number
  /** Times every operation of one more repetition; null in the result where the backend's operations are not calls. */
  readonly profiles: boolean
  /** 'cpu' times the processor time of the whole process, which neighbours do not add to; default 'wall'. */
  readonly clock?: BenchClock
}

export type BenchClock = 'wall' | 'cpu'

export interface BenchResult {
  /** One per repetition, in order. */
  readonly milliseconds: readonly number[]
  /** Largest resident size since the network and its batch were made, or since the process began where that cannot be asked. */
  readonly peakMemoryBytes: number
  readonly profile: BenchProfile | null
}

/** Where the time of one repetition went. */
export interface BenchProfile {
  readonly milliseconds: number
  /** Of that, outside the native library. */
  readonly hostMilliseconds: number
  /** Native calls by name, most time first. */
  readonly operations: readonly {
    readonly name: string
    readonly calls: number
    readonly milliseconds: number
  }[]
}

/** First outputs and losses of a bench network, to compare with another implementation of it. */
export interface BenchTraceJob {
  readonly kind: 'bench-trace'
  readonly config: RunConfig
  readonly outputs: number
  readonly subnet: BenchSubnet
  readonly batch: number
  readonly steps: number
  /** Where weights and batch are written as safetensors; null writes nothing. */
  readonly file: string | null
}

export interface BenchTraceResult {
  /** Output with running statistics before the first step, N x H/4 x W/4 x outputs. */
  readonly output: Float32Array
  /** And after it; the same where no step was asked for. */
  readonly nextOutput: Float32Array
  readonly losses: readonly number[]
}

/** Measures how many training crops a core reads, warps and labels per second. */
export interface BenchLoaderJob {
  readonly kind: 'bench-loader'
  /** Of each of its two measurements. */
  readonly seconds: number
}

export interface LoaderPaces {
  /** What was read, for a person. */
  readonly source: string
  readonly inputHeight: number
  readonly inputWidth: number
  readonly decoding: ImagePace
  /** The same with decoded pictures kept in memory. */
  readonly cached: ImagePace
}

export interface ImagePace {
  readonly imagesPerSecond: number
  /** Per second of processor time. */
  readonly imagesPerSecondPerCore: number
}

/** Scores a generation of candidates with and without sharing what is equal, on drawn or given images and fresh weights. */
export interface BenchEvaluationJob {
  readonly kind: 'bench-evaluation'
  readonly config: RunConfig
  readonly candidates: number
  /** How many of them are also scored one by one. */
  readonly plainCandidates: number
}

/** Times are milliseconds for the whole generation in one process. */
export interface BenchEvaluationResult {
  readonly candidates: number
  readonly images: { readonly recalibration: number; readonly scoring: number; readonly flipTest: boolean }
  /** One by one, crops kept: this program with `search.sharedMemory` 0. */
  readonly plainMs: number
  /** Of the timed ones; all of them, unless fewer were asked for. */
  readonly plainCandidates: number
  /** Once: reading or drawing, cropping and uploading all images. The reference code does it for every candidate. */
  readonly decodeMs: number
  /** With what the parents' evaluation left, as in a search. */
  readonly sharedMs: number
  /** As many parents before it, shared, out of nothing. */
  readonly parentsMs: number
  /** plainMs / sharedMs. */
  readonly factor: number
  /** (plainMs + candidates × decodeMs) / (sharedMs + decodeMs): against images decoded for each candidate, as the reference does. */
  readonly factorWithDecoding: number
  /** What the factor can be at most by multiply-adds of equal sub-expressions: of the generation, and with all that its parents had. */
  readonly countedBound: number
  readonly countedBoundWithParents: number
  /** By multiply-adds of what was executed. */
  readonly countedFactor: number
  /** Largest sum of values alive at one time while they are shared. */
  readonly sharedPeakBytes: number
  /** Values that stay for the next generation. */
  readonly keptBytes: number
  /** The scores of the timed plain candidates are those of the shared evaluation, every metric to the last bit. */
  readonly sameScores: boolean
}
