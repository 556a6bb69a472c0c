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
  readonly startedAt: number
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

export interface DoctorReport {
  readonly checks: readonly DoctorCheck[]
  /** The whole report as text for a bug report. */
  readonly text: string
}
