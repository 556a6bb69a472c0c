import type { CandidateRow, GenerationRow } from './candidate.ts'
import type { RunPhase, RunStatus, RunSummary } from './run.ts'

/** One point of a training curve. Keyed (run, attempt, phase, iteration). */
export interface MetricPoint {
  readonly phase: 'teacher' | 'supernet'
  readonly attempt: number
  readonly iteration: number
  readonly epoch: number
  /** Position in the sampling cycle: 0 = smallest … last = largest; -1 in teacher training. */
  readonly turn: number
  readonly loss: number
  readonly taskLoss: number
  readonly distillationLoss: number
  readonly learningRate: number
  readonly imagesPerSecond: number
  /** Share of the step spent waiting for the loader, 0..1. */
  readonly loaderWait: number
  /** Of the whole worker process, the backend's memory on this processor included. */
  readonly residentBytes: number
  /** What the backend holds for tensors, free ones included; null where its library does not tell, and in runs of before this was kept. */
  readonly backendBytes: number | null
}

/** Panel evaluation during training: fixed sub-networks with recalibration. */
export interface PanelPoint {
  readonly phase: 'teacher' | 'supernet'
  readonly attempt: number
  readonly iteration: number
  readonly scores: readonly {
    readonly label: string
    readonly genotypeId: string
    readonly accuracy: number
  }[]
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export type RunEventBody =
  | {
      readonly kind: 'status-changed'
      readonly status: RunStatus
      readonly phase: RunPhase | null
      readonly summary: RunSummary
    }
  | { readonly kind: 'progressed'; readonly summary: RunSummary; readonly note: string }
  | { readonly kind: 'metrics-recorded'; readonly points: readonly MetricPoint[] }
  | { readonly kind: 'panel-evaluated'; readonly point: PanelPoint }
  | {
      readonly kind: 'checkpoint-written'
      readonly phase: 'teacher' | 'supernet'
      readonly iteration: number
      readonly bytes: number
    }
  | { readonly kind: 'candidates-changed'; readonly rows: readonly CandidateRow[] }
  | { readonly kind: 'generation-closed'; readonly generation: GenerationRow }
  | { readonly kind: 'predicted'; readonly candidateId: string; readonly sampleIds: readonly string[] }
  | { readonly kind: 'logged'; readonly level: LogLevel; readonly message: string }

/** `seq` is the row number in SQLite: a client that reconnects asks for what came after its last one. */
export type RunEvent = RunEventBody & { readonly runId: string; readonly seq: number; readonly at: number }
