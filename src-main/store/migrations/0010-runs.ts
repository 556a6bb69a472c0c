import type { Migration } from '../migrate.ts'

/** Runs with their attempts, the seconds of their phases, and the checkpoints that a resume may start from. */
export const migration0010: Migration = {
  version: 10,
  sql: `
    CREATE TABLE runs (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      preset TEXT NOT NULL,
      task TEXT NOT NULL CHECK (task IN ('pose', 'segmentation')),
      status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'paused', 'completed', 'failed', 'stopped', 'interrupted')),
      phase TEXT CHECK (phase IN ('prepare', 'teacher', 'supernet', 'search', 'report')),
      progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
      seconds_left REAL,
      color_index INTEGER NOT NULL CHECK (color_index BETWEEN 0 AND 7),
      pinned INTEGER NOT NULL DEFAULT 0,
      attempt INTEGER NOT NULL DEFAULT 0,
      created_at INTEGER NOT NULL,
      started_at INTEGER,
      ended_at INTEGER,
      dataset_name TEXT NOT NULL,
      metric_name TEXT NOT NULL,
      error TEXT,
      config TEXT NOT NULL,
      environment TEXT,
      prepared TEXT
    ) STRICT;
    CREATE INDEX runs_by_creation ON runs (created_at);

    CREATE TABLE attempts (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      attempt INTEGER NOT NULL,
      started_at INTEGER NOT NULL,
      ended_at INTEGER,
      outcome TEXT CHECK (outcome IN ('running', 'completed', 'failed', 'stopped', 'crashed')),
      reason TEXT,
      from_phase TEXT NOT NULL,
      from_iteration INTEGER NOT NULL,
      PRIMARY KEY (run_id, attempt)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE phases (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      phase TEXT NOT NULL,
      seconds REAL NOT NULL DEFAULT 0,
      completed_at INTEGER,
      PRIMARY KEY (run_id, phase)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE checkpoints (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      phase TEXT NOT NULL CHECK (phase IN ('teacher', 'supernet')),
      iteration INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      file TEXT NOT NULL,
      PRIMARY KEY (run_id, phase, iteration)
    ) STRICT, WITHOUT ROWID;
  `,
}
