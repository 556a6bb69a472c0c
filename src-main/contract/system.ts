import type { BackendName } from './config.ts'

/** Facts about the engine's machine, for the status bar and the Doctor page. */
export interface SystemStatus {
  readonly version: string
  readonly dataFolder: string
  readonly freeDiskBytes: number
  readonly totalDiskBytes: number
  readonly cores: number
  readonly totalMemoryBytes: number
  readonly freeMemoryBytes: number
  /** Null until the first worker probed. */
  readonly backend: BackendFacts | null
  readonly runningRunIds: readonly string[]
  /** Runs that have ended and whose ending waits for space on the disk. */
  readonly waitsForSpace: readonly SpaceWait[]
  readonly startedAt: number
  /** What is listened on: a name or address, "0.0.0.0" and "::" for all of this machine. */
  readonly listening: { readonly host: string; readonly port: number }
}

export interface SpaceWait {
  readonly runId: string
  readonly freeBytes: number
  /** About what a resume writes next: a checkpoint like the last one, and the ledger. */
  readonly neededBytes: number
}

export interface BackendFacts {
  readonly name: string
  readonly version: string
  readonly device: string
  readonly hasGpu: boolean
  readonly refused: readonly string[]
}

export interface DoctorCheck {
  readonly name: string
  readonly status: 'passed' | 'warned' | 'failed'
  readonly detail: string
  /** What to type or do, when something is missing. */
  readonly remedy: string | null
}

/** Something that was tried while a backend was opened. */
export interface BackendStep {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'not run'
  readonly detail: string | null
}

/** What became of a backend when a worker of its own opened it. */
export interface DoctorBackend {
  readonly backend: BackendName
  readonly title: string
  /** `taken`: the first that computes, where nothing is measured. `off`: absent without being a defect. */
  readonly status: 'taken' | 'ready' | 'off' | 'refused'
  readonly version: string | null
  readonly device: string | null
  readonly steps: readonly BackendStep[]
  /** Why it is refused or off. */
  readonly reason: string | null
  /** How to get it. */
  readonly remedy: string | null
  /** What else is worth knowing of one that computes. */
  readonly note: string | null
  /** KEY=VALUE that asks for it. */
  readonly setting: string
}

export interface DoctorReport {
  /** In the order of preference; empty if no worker could be tried. */
  readonly backends: readonly DoctorBackend[]
  readonly checks: readonly DoctorCheck[]
  /** The whole report as text for a bug report. */
  readonly text: string
}
