import type { CandidateOrigin, GenotypeJson, Protocol } from './candidate.ts'
import type { GroupingConfig, NetworkConfig, SpaceConfig, TaskKind } from './config.ts'
import type { FineTuneScores } from './fine-tune.ts'
import type { DatasetFacts } from './run.ts'

/** Formats that a candidate can be written in. */
export const EXPORT_FORMATS = ['safetensors'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** Names that the command line knows, so that a refusal can say "not yet" instead of "unknown". */
export const ANNOUNCED_EXPORT_FORMATS = ['onnx', 'tfjs', 'savedmodel'] as const

/** A score before and after the network was written may differ by this much (method.md 8.1). */
export const EXPORT_SCORE_TOLERANCE = 1e-4
/** Largest |difference| of two outputs over the largest |output|, same backend (method.md 8.1). */
export const EXPORT_PARITY_TOLERANCE = 1e-6

/**
 * The same for a network whose batch norms were folded: other rounding can move a key point or a pixel that stood on the edge, and one
 * of some hundred scored joints is thousandths.
 */
export const FOLDED_SCORE_TOLERANCE = 5e-3
export const FOLDED_PARITY_TOLERANCE = 1e-4

export interface ExportedFile {
  /** Name inside the folder. */
  readonly name: string
  readonly bytes: number
  /** 64 hex digits. */
  readonly sha256: string
}

/** The numbers that say whether what was written is what was searched. Accuracies are in [0, 1]. */
export interface ExportChecks {
  /** The score in the ledger; null for a candidate that was not evaluated. */
  readonly recordedAccuracy: number | null
  /** Measured again with the super-network, right before writing. */
  readonly inheritedAccuracy: number
  /** Of the file that was written, read back, with nothing but its own weights. */
  readonly writtenAccuracy: number
  readonly writtenMetrics: Readonly<Record<string, number>>
  readonly scoreTolerance: number
  /** Largest relative difference of outputs, random and real input, batch 1 and 2. */
  readonly parity: number
  readonly parityTolerance: number
  /** Protocol of the two measured accuracies. */
  readonly protocol: Protocol
}

export interface CardOutput {
  /** `heat maps and tags`: the heat maps of all joints, then one tag map per joint. */
  readonly meaning: 'heat maps' | 'heat maps and tags' | 'logits'
  readonly channels: number
  /** Input pixels per output pixel. */
  readonly stride: number
  readonly height: number
  readonly width: number
  /** Joints or classes, in the order of the channels; of tags in the same order again. */
  readonly names: readonly string[]
}

/** Everything that a user of an exported network has to know; written beside it as JSON and Markdown. */
export interface ModelCard {
  readonly format: 'scalenas-model-card'
  readonly version: 1
  readonly task: TaskKind
  readonly metricName: string
  readonly origin: {
    readonly runId: string
    readonly runName: string
    readonly preset: string
    readonly seed: number
    readonly candidateId: string
    readonly genotypeId: string
    readonly generation: number
    /** How the search made it: operator, parents, modules taken, edges flipped. */
    readonly search: CandidateOrigin
    readonly codeVersion: string
  }
  readonly space: SpaceConfig
  readonly network: NetworkConfig
  readonly genotype: GenotypeJson
  readonly input: {
    readonly height: number
    readonly width: number
    readonly channels: 3
    readonly colors: 'RGB'
    /** (value / 255 - mean) / deviation, per channel. */
    readonly mean: readonly number[]
    readonly deviation: readonly number[]
  }
  readonly output: CardOutput
  /** What a network with several outputs hands out after the first one; absent for one output. */
  readonly furtherOutputs?: readonly CardOutput[]
  /** How its joints were grouped by their tags when it was scored; absent for other tasks. */
  readonly grouping?: GroupingConfig
  readonly cost: {
    /** Exact integers for one image of the input size (method.md part 4). */
    readonly params: number
    readonly macs: number
    readonly liveParams: number
    readonly liveMacs: number
    /** macs / 2^30, what the papers print as GFLOPs. */
    readonly gigaMacs: number
  }
  readonly weights: {
    readonly file: string
    readonly layout: 'PyTorch state dict: convolutions O, I, kh, kw; float32'
    readonly tensors: number
    readonly values: number
    /** Zeros under `num_batches_tracked`, which a strict load asks for. */
    readonly counters: number
    readonly deadLayersDropped: boolean
    /** True: convolutions with biases, without the batch norms that went into them. Absent = false. */
    readonly normsFolded?: boolean
    /** `inherited`: of the super-network, batch norm recalibrated, no training of its own. */
    readonly source: 'inherited' | 'fine-tuned'
  }
  /** Null without a training of its own. */
  readonly fineTuning: FineTuneScores | null
  readonly checks: ExportChecks
  /** Of the images that it was trained and scored on; without the folder, which says nothing to others. */
  readonly dataset: Omit<DatasetFacts, 'path' | 'task'>
}

export interface ExportResult {
  /** Below the folder of the run. */
  readonly folder: string
  readonly format: ExportFormat
  readonly files: readonly ExportedFile[]
  readonly card: ModelCard
}
