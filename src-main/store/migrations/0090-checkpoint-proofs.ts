import type { Migration } from '../migrate.ts'

/** Checksums of a checkpoint's files (null: written before these were kept), and when it was found damaged or gone. */
export const migration0090: Migration = {
  version: 90,
  sql: `
    ALTER TABLE checkpoints ADD COLUMN weights_sha256 TEXT;
    ALTER TABLE checkpoints ADD COLUMN optimizer_sha256 TEXT;
    ALTER TABLE checkpoints ADD COLUMN lost_at INTEGER;
  `,
}
