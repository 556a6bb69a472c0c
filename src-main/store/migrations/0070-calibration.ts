import type { Migration } from '../migrate.ts'

/** How a run uses the cores (null: a run of before this was kept), and what this machine measured. */
export const migration0070: Migration = {
  version: 70,
  sql: `
    ALTER TABLE runs ADD COLUMN compute_plan TEXT;

    CREATE TABLE calibrations (
      key TEXT PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('compute', 'loader')),
      measured_at INTEGER NOT NULL,
      figures TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
}
