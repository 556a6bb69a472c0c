import type { Migration } from '../migrate.ts'

/** The candidate ledger (method.md 7.7) and the scores of the report split. */
export const migration0030: Migration = {
  version: 30,
  sql: `
    CREATE TABLE generations (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      generation INTEGER NOT NULL,
      random_state TEXT NOT NULL,
      closed INTEGER NOT NULL DEFAULT 0,
      hypervolume REAL,
      best_accuracy REAL,
      PRIMARY KEY (run_id, generation)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE candidates (
      id TEXT PRIMARY KEY,
      run_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('proposed', 'leased', 'evaluated', 'failed')),
      genotype_id TEXT NOT NULL,
      genotype_key TEXT NOT NULL,
      genotype TEXT NOT NULL,
      macs INTEGER NOT NULL,
      params INTEGER NOT NULL,
      accuracy REAL CHECK (accuracy BETWEEN 0 AND 1),
      metrics TEXT NOT NULL DEFAULT '{}',
      origin TEXT NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 0,
      failures INTEGER NOT NULL DEFAULT 0,
      crashes INTEGER NOT NULL DEFAULT 0,
      lease_id TEXT,
      lease_expires_at INTEGER,
      evaluation_ms REAL,
      protocol TEXT,
      error TEXT,
      UNIQUE (run_id, number),
      UNIQUE (run_id, genotype_key),
      CHECK ((state = 'evaluated') = (accuracy IS NOT NULL)),
      CHECK ((state = 'leased') = (lease_id IS NOT NULL)),
      FOREIGN KEY (run_id, generation) REFERENCES generations (run_id, generation) ON DELETE CASCADE
    ) STRICT;
    CREATE INDEX candidates_by_state ON candidates (run_id, generation, state, number);
    CREATE INDEX candidates_by_accuracy ON candidates (run_id, accuracy);
    CREATE INDEX candidates_by_genotype ON candidates (run_id, genotype_id);

    CREATE TABLE report_scores (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      candidate_id TEXT NOT NULL REFERENCES candidates (id) ON DELETE CASCADE,
      genotype_id TEXT NOT NULL,
      metrics TEXT NOT NULL,
      protocol TEXT NOT NULL,
      PRIMARY KEY (run_id, candidate_id)
    ) STRICT, WITHOUT ROWID;
  `,
}
