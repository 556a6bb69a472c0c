import { createAttemptQueries, createPhaseQueries } from './attempt-queries.ts'
import type { AttemptQueries, PhaseQueries } from './attempt-queries.ts'
import { createCalibrationQueries } from './calibration-queries.ts'
import type { CalibrationQueries } from './calibration-queries.ts'
import { createCandidateQueries } from './candidate-queries.ts'
import type { CandidateQueries } from './candidate-queries.ts'
import { createCheckpointQueries } from './checkpoint-queries.ts'
import type { CheckpointQueries } from './checkpoint-queries.ts'
import type { DataPaths } from './data-folder.ts'
import { createDatasetQueries, createSettingQueries } from './dataset-queries.ts'
import type { DatasetQueries, SettingQueries } from './dataset-queries.ts'
import { createEventQueries } from './event-queries.ts'
import type { EventQueries } from './event-queries.ts'
import { createMetricQueries } from './metric-queries.ts'
import type { MetricQueries } from './metric-queries.ts'
import { openDatabase } from './open-database.ts'
import type { StudioDatabase } from './open-database.ts'
import { createRecordedQueries } from './recorded-queries.ts'
import type { RecordedQueries } from './recorded-queries.ts'
import { createPictureResultQueries } from './picture-result-queries.ts'
import type { PictureResultQueries } from './picture-result-queries.ts'
import { createReferenceQueries } from './reference-queries.ts'
import type { ReferenceQueries } from './reference-queries.ts'
import { refuseLostDatabase } from './run-folders.ts'
import { createRunQueries } from './run-queries.ts'
import type { RunQueries } from './run-queries.ts'

/** The database of one data folder, by noun. Calls are synchronous and short; one connection serves them all. */
export interface Store {
  readonly paths: DataPaths
  readonly runs: RunQueries
  readonly attempts: AttemptQueries
  readonly phases: PhaseQueries
  readonly events: EventQueries
  readonly metrics: MetricQueries
  readonly candidates: CandidateQueries
  readonly recorded: RecordedQueries
  readonly pictureResults: PictureResultQueries
  readonly checkpoints: CheckpointQueries
  readonly references: ReferenceQueries
  readonly datasets: DatasetQueries
  readonly settings: SettingQueries
  readonly calibrations: CalibrationQueries
  readonly db: StudioDatabase
  /** All of it or nothing; `work` must not await. */
  transaction<T>(work: () => T): T
  close(): void
}

export interface StoreOptions {
  /** Whether a new database may take the place of one that is gone from beside its runs; default false. */
  readonly replacesLostDatabase?: boolean
}

/** @throws EngineError STORAGE when the database is damaged, or gone from beside its runs. */
export async function openStore(paths: DataPaths, options: StoreOptions = {}): Promise<Store> {
  if (options.replacesLostDatabase !== true) {
    refuseLostDatabase(paths)
  }
  const db = await openDatabase(paths)
  return {
    paths,
    runs: createRunQueries(db),
    attempts: createAttemptQueries(db),
    phases: createPhaseQueries(db),
    events: createEventQueries(db),
    metrics: createMetricQueries(db),
    candidates: createCandidateQueries(db),
    recorded: createRecordedQueries(db),
    pictureResults: createPictureResultQueries(db),
    checkpoints: createCheckpointQueries(db),
    references: createReferenceQueries(db),
    datasets: createDatasetQueries(db),
    settings: createSettingQueries(db),
    calibrations: createCalibrationQueries(db),
    db,
    transaction: (work) => db.$client.transaction(work).immediate(),
    close() {
      db.$client.close()
    },
  }
}
