import type { Migration } from '../migrate.ts'

/** Registered dataset folders, and small facts that outlive an engine. */
export const migration0040: Migration = {
  version: 40,
  sql: `
    CREATE TABLE datasets (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      path TEXT NOT NULL UNIQUE,
      added_at INTEGER NOT NULL,
      facts TEXT NOT NULL
    ) STRICT;

    CREATE TABLE settings (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
}
