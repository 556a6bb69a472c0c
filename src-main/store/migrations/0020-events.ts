import type { Migration } from '../migrate.ts'

/** What happened, in order (`seq` never repeats), and the curves. */
export const migration0020: Migration = {
  version: 20,
  sql: `
    CREATE TABLE events (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX events_by_run ON events (run_id, seq);
    CREATE INDEX events_by_kind ON events (run_id, kind, seq);

    CREATE TABLE metrics (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      phase TEXT NOT NULL CHECK (phase IN ('teacher', 'supernet')),
      attempt INTEGER NOT NULL,
      iteration INTEGER NOT NULL,
      epoch REAL NOT NULL,
      turn INTEGER NOT NULL,
      loss REAL NOT NULL,
      task_loss REAL NOT NULL,
      distillation_loss REAL NOT NULL,
      learning_rate REAL NOT NULL,
      images_per_second REAL NOT NULL,
      loader_wait REAL NOT NULL,
      resident_bytes INTEGER NOT NULL,
      PRIMARY KEY (run_id, phase, attempt, iteration)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE panels (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      phase TEXT NOT NULL CHECK (phase IN ('teacher', 'supernet')),
      attempt INTEGER NOT NULL,
      iteration INTEGER NOT NULL,
      scores TEXT NOT NULL,
      PRIMARY KEY (run_id, phase, attempt, iteration)
    ) STRICT, WITHOUT ROWID;
  `,
}
