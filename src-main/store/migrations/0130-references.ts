import type { Migration } from '../migrate.ts'

/** Networks with weights of their own, scored as the candidates are. Apart from these, so that no search can select them. */
export const migration0130: Migration = {
  version: 130,
  sql: `
    CREATE TABLE reference_scores (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      split TEXT NOT NULL CHECK (split IN ('search', 'report')),
      genotype_id TEXT NOT NULL,
      macs INTEGER NOT NULL,
      params INTEGER NOT NULL,
      iterations INTEGER NOT NULL,
      metrics TEXT NOT NULL,
      protocol TEXT NOT NULL,
      PRIMARY KEY (run_id, name, split)
    ) STRICT, WITHOUT ROWID;
  `,
}
