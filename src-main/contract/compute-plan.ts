import type { BenchSubnet } from './bench.ts'
import type { BackendName, ComputeConfig } from './config.ts'

/** How a run uses the cores: trainThreads + loaderThreads and searchWorkers × searchThreads stay within them unless somebody asked for more. */
export interface ComputeShares {
  /** Threads inside one training operation. */
  readonly trainThreads: number
  /** Threads that read and augment batches; 0: the training thread reads them itself. */
  readonly loaderThreads: number
  readonly searchWorkers: number
  /** Threads inside one operation of a search worker. */
  readonly searchThreads: number
}

export interface MachineFacts {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
}

/** A training step of one backend with so many threads. */
export interface StepFigure {
  readonly backend: BackendName
  readonly threads: number
  /** Median milliseconds of each round; all figures of a calibration were taken in the same rounds. */
  readonly rounds: readonly number[]
}

/** Search workers side by side. */
export interface SearchFigure {
  readonly backend: BackendName
  readonly workers: number
  readonly threads: number
  /** Images per second of all workers together, by round. */
  readonly rounds: readonly number[]
}

/** What one machine measured for networks of one size. */
export interface Calibration {
  readonly key: string
  /** For people: "mini, width 16, 128 × 96". */
  readonly network: string
  readonly machine: MachineFacts
  /** Of each backend that could be measured. */
  readonly versions: Readonly<Partial<Record<BackendName, string>>>
  readonly codeVersion: string
  /** Milliseconds since 1970. */
  readonly measuredAt: number
  readonly seconds: number
  /** Mean number of runnable processes in the minute before: above 0.5 other programs disturbed. */
  readonly load: number
  readonly subnet: BenchSubnet
  readonly batch: number
  /** Training so many images of the run's size through its `hrnet` member is as much work as one measured step. */
  readonly images: number
  /** Whose steps were the fastest. */
  readonly backend: BackendName
  readonly steps: readonly StepFigure[]
  readonly searches: readonly SearchFigure[]
  /** Why something was not measured. */
  readonly notes: readonly string[]
}

/** What drawing or decoding, warping and labelling one training image takes on one core. */
export interface LoaderCost {
  readonly key: string
  readonly millisecondsPerImage: number
  readonly images: number
  readonly measuredAt: number
}

/** `measured` just now, `cached` from an earlier calibration of this machine, `formula` by the number of cores alone. */
export type ComputePlanOrigin = 'measured' | 'cached' | 'formula'

/** What was decided for a run at its first attempt; every later attempt keeps it. */
export interface ComputePlan extends ComputeShares {
  /** `auto` only where nothing was measured: the first worker then settles it. */
  readonly backend: ComputeConfig['backend']
  readonly origin: ComputePlanOrigin
  /** One line for each choice. */
  readonly reasons: readonly string[]
  /** Settings that ask for more than the machine has, and what could not be measured. */
  readonly warnings: readonly string[]
  readonly machine: MachineFacts
  readonly decidedAt: number
  readonly calibration: Calibration | null
  readonly loader: LoaderCost | null
  /** Later attempts on another machine. */
  readonly moves: readonly ComputeMove[]
}

export interface ComputeMove {
  readonly attempt: number
  readonly at: number
  readonly machine: MachineFacts
  readonly note: string
}

/** Reads training batches of a run's own data for a while. */
export interface MeasureLoaderJobPart {
  /** The first reading ends after so much time, but not before one batch. */
  readonly seconds: number
}
export interface MeasureLoaderResult {
  readonly images: number
  /** Processor time of all threads of the process, for all images: read for the first time, and once more. */
  readonly firstMilliseconds: number
  readonly againMilliseconds: number
}
