import type { Migration } from '../migrate.ts'

/**
 * What each score is made of, by picture (contract/picture-results), compressed. Of 154 candidates on 1,000 pictures this is 0.2 MB as
 * ratios, 4 MB with six classes, and 4 MB as AP of three detections a picture (random numbers, so at most about this).
 * Absent of imported scores and of those of before this was kept.
 */
export const migration0120: Migration = {
  version: 120,
  sql: `
    CREATE TABLE picture_results (
      run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      candidate_id TEXT NOT NULL REFERENCES candidates (id) ON DELETE CASCADE,
      split TEXT NOT NULL CHECK (split IN ('search', 'report')),
      kind TEXT NOT NULL CHECK (kind IN ('ratio', 'iou', 'ap')),
      data BLOB NOT NULL,
      PRIMARY KEY (run_id, candidate_id, split)
    ) STRICT;
  `,
}
